import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { buffersOf } from '../../../src/services/historical-data/candles.ts'
import type { PressureLevel } from '../../../src/worker.ts'
import { DAY, MINUTE, candles, open, utc } from './harness.ts'

const T = utc('2024-01-01')

test('a result that was moved away is still cached', async () => {
  const { api } = await open()
  await api.storeCandles('A', '1m', candles(T, '1m', 5))
  for (const hits of [0, 0, 1]) {
    expect(api.getCacheStats()).toMatchObject({ hits })
    const result = await api.getHistoricalData('A', T, T + DAY, '1m')
    expect([...result.open]).toEqual([10, 11, 12, 13, 14])
    structuredClone(result, { transfer: buffersOf(result) })
    expect(result.open).toHaveLength(0)
  }
  expect(api.getCacheStats()).toMatchObject({
    entries: 1,
    hits: 2,
    misses: 1,
    maxBytes: 100 * 1024 ** 2,
    ttl: 3_600_000,
  })
  api.clearCache()
  expect(api.getCacheStats()).toMatchObject({ entries: 0, bytes: 0 })
})

test('storing drops the results it touches, and no others', async () => {
  const { api } = await open()
  const day = async (symbol: string, index: number): Promise<number> =>
    (await api.getHistoricalData(symbol, T + index * DAY, T + (index + 1) * DAY, '1d')).volume[0]!
  for (const symbol of ['A', 'B']) {
    await api.storeCandles(symbol, '1m', [...candles(T, '1m', 2), ...candles(T + DAY, '1m', 2)])
  }
  const all = async (): Promise<number[]> => [
    await day('A', 0),
    await day('A', 1),
    await day('B', 0),
    await day('B', 1),
  ]
  expect(await all()).toEqual([3, 3, 3, 3])
  await api.storeCandles('A', '1m', [{ ...candles(T + DAY, '1m', 1)[0]!, volume: 100 }])
  expect(await all()).toEqual([3, 102, 3, 3])
  expect(api.getCacheStats()).toMatchObject({ hits: 3, misses: 5 })
  await api.storeCandles('A', '1m', candles(T, '1m', 2))
  await all()
  expect(api.getCacheStats(), 'nothing changed, so nothing was dropped').toMatchObject({ hits: 7, misses: 5 })
})

test('a new interval, which may be a better source, drops results that were made without it', async () => {
  const { api } = await open()
  await api.storeCandles('A', '1m', candles(T, '1m', 60))
  expect((await api.getHistoricalData('A', T, T + DAY, '1d')).volume[0]).toBe(1830)
  await api.storeCandles('A', '1h', candles(T, '1h', 1))
  expect((await api.getHistoricalData('A', T, T + DAY, '1d')).volume[0]).toBe(1)
})

test('what another connection writes is seen at once', async () => {
  const { api, path } = await open()
  const other = await open({ path })
  await api.storeCandles('A', '1m', candles(T, '1m', 1))
  expect((await api.getHistoricalData('A', T, T + DAY, '1m')).length).toBe(1)
  await other.api.storeCandles('A', '1m', candles(T, '1m', 4))
  expect((await api.getHistoricalData('A', T, T + DAY, '1m')).length).toBe(4)
  expect(api.getCacheStats()).toMatchObject({ hits: 0 })
})

test('results expire', async () => {
  let now = 1
  const { api } = await open({ cacheTtl: 50 }, { now: () => now })
  await api.storeCandles('A', '1m', candles(T, '1m', 1))
  await api.getHistoricalData('A', T, T + DAY, '1m')
  now += 51
  await api.getHistoricalData('A', T, T + DAY, '1m')
  expect(api.getCacheStats()).toMatchObject({ hits: 0, misses: 2, ttl: 50 })
})

test.each<[PressureLevel, number]>([
  ['low', 2],
  ['medium', 2],
  ['high', 0],
  ['critical', 0],
])('at %s pressure %i of 4 results are kept, and SQLite gives its pages back', async (level, kept) => {
  const { api, pressure, reported } = await open()
  await api.storeCandles('A', '1m', candles(T, '1m', 5))
  const ask = async (i: number): Promise<unknown> => api.getHistoricalData('A', T + i * MINUTE, T + 4 * MINUTE, '1m')
  for (const i of [0, 0.1, 0.2, 0.3]) await ask(i)
  pressure(level)
  expect(api.getCacheStats().entries).toBe(kept)
  expect(reported.at(-1)).toBe(0)
  await ask(2)
  expect(reported.at(-1)).toBeGreaterThan(0)
})

test('native memory is reported as the size of the file, at most that of the page cache', async () => {
  const { api, path, reported } = await open()
  const size = (): number => {
    using db = new DatabaseSync(path, { readOnly: true })
    const [count, page] = ['page_count', 'page_size'].map(
      (name) => Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0],
    )
    return (count as number) * (page as number)
  }
  expect(reported).toEqual([size()])
  await api.storeCandles('A', '1m', candles(T, '1m', 2000))
  expect(reported.at(-1)).toBe(size())
  expect(size()).toBeGreaterThan(2000 * 48)
  await api.storeCandles('A', '1m', candles(T, '1m', 100_000))
  expect(size()).toBeGreaterThan(4 * 1024 ** 2)
  expect(reported.at(-1)).toBe(4 * 1024 ** 2)
})

test('closing stops listening, and may be repeated', async () => {
  const { api, listeners } = await open()
  expect(listeners.size).toBeGreaterThan(0)
  api[Symbol.dispose]()
  api[Symbol.dispose]()
  expect(listeners.size).toBe(0)
  await expect(api.listSymbols()).rejects.toThrow('database is not open')
})
