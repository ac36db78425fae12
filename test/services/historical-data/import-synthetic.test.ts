import { expect, test } from 'vitest'
import { BYTES_PER_CANDLE } from '../../../src/services/historical-data/candles.ts'
import { generateCandles } from '../../../src/services/historical-data/synthetic-candles.ts'
import type { SyntheticOptions } from '../../../src/services/historical-data/synthetic-candles.ts'
import { DAY, MINUTE, drain, open, utc } from './harness.ts'

const T = utc('2020-01-01')

test('made-up candles are imported with progress, and not written again', async () => {
  let now = 0
  const { api } = await open({}, { now: () => (now += 100) })
  const options: SyntheticOptions = { symbol: 'DEMO', seed: 5, count: 25_000 }
  const all = await drain(api.importSynthetic(options))
  const totalBytes = 25_000 * BYTES_PER_CANDLE
  expect(all.map(({ rows, bytes, done }) => [rows, bytes / BYTES_PER_CANDLE, done])).toEqual([
    [10_240, 10_240, false],
    [20_480, 20_480, false],
    [25_000, 25_000, true],
  ])
  expect(all.at(-1)).toEqual({
    bytes: totalBytes,
    totalBytes,
    rows: 25_000,
    skipped: 0,
    inserted: 25_000,
    updated: 0,
    badLines: [],
    done: true,
  })
  expect(await api.getHistoricalData('DEMO', T, T + 365 * DAY, '1m')).toEqual(generateCandles(options))
  expect((await drain(api.importSynthetic(options))).at(-1)).toMatchObject({ rows: 25_000, inserted: 0, updated: 0 })
  expect((await drain(api.importSynthetic({ ...options, count: 26_000 }))).at(-1)).toMatchObject({
    inserted: 1000,
    updated: 0,
  })
  expect(await api.listSymbols()).toEqual([
    { symbol: 'DEMO', interval: '1m', count: 26_000, from: T, to: T + 26_000 * MINUTE },
  ])
})

test('none at all is fine', async () => {
  const { api } = await open()
  expect(await drain(api.importSynthetic({ seed: 1, count: 0 }))).toMatchObject([
    { rows: 0, totalBytes: 0, done: true },
  ])
})
