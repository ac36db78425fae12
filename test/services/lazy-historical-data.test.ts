import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isComponentCrashedError, isDuplicateComponentError, isInvalidOptionsError } from '../../src/contract/errors.ts'
import {
  INTERVALS,
  LazyHistoricalDataService,
  generateCandles,
  isCsvLineError,
  rows,
} from '../../src/services/index.ts'
import type { ImportProgress, LazyHistoricalDataOptions } from '../../src/services/index.ts'

const T = Date.UTC(2020, 0, 1)
const MINUTE = 60_000

async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of stream) all.push(item)
  return all
}

function start(options: Partial<LazyHistoricalDataOptions> = {}): { service: LazyHistoricalDataService; dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-lazy-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown()))
  return { service: new LazyHistoricalDataService(coordinator, { path: join(dir, 'candles.db'), ...options }), dir }
}

test('registers without loading, loads with the first call, and keeps its data over an unload', async () => {
  const { service } = start()
  expect(service.info()).toMatchObject({
    name: 'historical-data',
    type: 'service',
    state: 'unloaded',
    priority: 30,
    loads: 0,
  })
  const made = generateCandles({ seed: 1, count: 500 })
  expect(await service.storeCandles('A', '1m', made)).toEqual({ inserted: 500, updated: 0 })
  expect(service.info()).toMatchObject({ state: 'ready', loads: 1 })
  const report = await service.unload()
  expect(report).toMatchObject({ name: 'historical-data', zombie: false })
  expect(service.info().state).toBe('unloaded')
  const result = await service.getHistoricalData('A', T, T + 500 * MINUTE, '1m')
  expect(result).toEqual({ ...made, symbol: 'A' })
  expect([...service.rows(result)]).toEqual([...rows(made)])
  expect(await service.getLatestData('A')).toEqual([...rows(made)].at(-1))
  expect(await service.listSymbols()).toEqual([
    { symbol: 'A', interval: '1m', count: 500, from: T, to: T + 500 * MINUTE },
  ])
  await service.getHistoricalData('A', T, T + 500 * MINUTE, '1m')
  expect(await service.getCacheStats()).toMatchObject({ entries: 1, hits: 1, misses: 1 })
  await service.clearCache()
  expect(await service.getCacheStats()).toMatchObject({ entries: 0 })
  expect(service.info()).toMatchObject({ loads: 2, unloads: 1 })
})

test('imports are streams, read as far as they are iterated', async () => {
  const { service, dir } = start()
  const file = join(dir, 'a.csv')
  const lines = Array.from({ length: 100 }, (_, i) => `${T + i * MINUTE},10,12,9,11,5`)
  writeFileSync(file, ['time,open,high,low,close,volume', ...lines].join('\n'))
  let last: ImportProgress | undefined
  for await (const progress of service.importCsv(file, { symbol: 'A', interval: '1m' })) last = progress
  expect(last).toMatchObject({ rows: 100, inserted: 100, done: true })
  for await (const progress of service.importSynthetic({ symbol: 'S', seed: 1, count: 2000 })) last = progress
  expect(last).toMatchObject({ rows: 2000, inserted: 2000, done: true })

  // Awaited, they are done at one go.
  expect(await service.importCsv(file, { symbol: 'A', interval: '1m' })).toMatchObject({ inserted: 0, done: true })
  expect(await service.importSynthetic({ symbol: 'S', seed: 1, count: 2000 })).toMatchObject({ rows: 2000, done: true })

  writeFileSync(file, ['time,open,high,low,close,volume', ...lines, 'oops'].join('\n'))
  await expect(service.importCsv(file, { symbol: 'B', interval: '1m' })).rejects.toSatisfy(isCsvLineError)
  const error: unknown = await service
    .importCsv(file, { symbol: 'B', interval: '1m' })
    .next()
    .catch((e: unknown) => e)
  expect(isCsvLineError(error) && [error.file, error.line]).toEqual([file, 102])
  expect((await service.listSymbols()).map(({ symbol }) => symbol)).toEqual(['A', 'S'])
})

test('an unload in the middle of an import leaves a sound database, and importing again completes it', async () => {
  const { service } = start()
  const options = { symbol: 'S', seed: 1, count: 5_000_000 }
  const stream = service.importSynthetic(options)
  const { value } = await stream.next()
  expect(value).toMatchObject({ done: false })
  const [report, error] = await Promise.all([service.unload({ deadline: 0 }), drain(stream).catch((e: unknown) => e)])
  expect(report).toMatchObject({ zombie: false })
  expect(isComponentCrashedError(error) && error.reason).toBe('terminated')
  const [stored] = await service.listSymbols()
  expect(stored!.count).toBeGreaterThan(0)
  expect(stored!.count).toBeLessThan(5_000_000)
  const [last] = (await drain(service.importSynthetic({ ...options, count: stored!.count + 5000 }))).slice(-1)
  expect(last).toMatchObject({ inserted: 5000, updated: 0, done: true })
})

test('what is wrong is told before anything is loaded, or comes typed out of the worker', async () => {
  expect(() => start({ cacheTtl: -1 })).toThrow(/"cacheTtl"/)
  const { service } = start({ path: join(tmpdir(), 'spillway-no-such-directory', 'candles.db') })
  const error = (await service.listSymbols().catch((e: unknown) => e)) as Error
  expect(isInvalidOptionsError(error.cause) && error.cause.option).toBe('path')
})

test('two services on one coordinator need two names', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-lazy-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  await using coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
  const path = join(dir, 'candles.db')
  const first = new LazyHistoricalDataService(coordinator, { path })
  expect(() => new LazyHistoricalDataService(coordinator, { path })).toThrow(
    expect.toSatisfy(isDuplicateComponentError),
  )
  const second = new LazyHistoricalDataService(coordinator, { path, name: 'history-2', readOnly: true })
  expect(second.info().name).toBe('history-2')
  await first.storeCandles('A', INTERVALS[0], generateCandles({ seed: 1, count: 3 }))
  expect((await second.getHistoricalData('A', T, T + MINUTE, '1m')).length).toBe(1)
})
