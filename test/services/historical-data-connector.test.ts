import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Remote } from '../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import { isComponentLoadError, isComponentNotFoundError, isInvalidOptionsError } from '../../src/contract/errors.ts'
import {
  ConnectorFactory,
  LazyConnectorManager,
  LazyHistoricalDataService,
  isCandleFetchError,
} from '../../src/services/index.ts'
import type { CandleConnectorConfig } from '../../src/services/index.ts'
import type fakeConnector from '../fixtures/fake-connector.ts'
import type { FakeConnectorConfig } from '../fixtures/fake-connector.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const T = Date.UTC(2024, 0, 1)

interface Setup {
  coordinator: ComponentCoordinator
  service: LazyHistoricalDataService
  connector: Remote<typeof fakeConnector>
}

/** A service whose connector is another component, each in a worker of its own. */
function setUp(config: Partial<FakeConnectorConfig> = {}, options: Partial<CandleConnectorConfig> = {}): Setup {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-history-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown()))
  const connector = coordinator.registerComponent<typeof fakeConnector>({
    name: 'exchange-connector:fake',
    module: new URL('../fixtures/fake-connector.ts', import.meta.url),
    config: { listed: T, ...config },
  })
  const service = new LazyHistoricalDataService(coordinator, {
    path: join(dir, 'candles.db'),
    connector: { component: 'exchange-connector:fake', ...options },
  })
  return { coordinator, service, connector }
}

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as Error,
  )

test('what is not stored comes from the connector, worker to worker, once for all who ask, and stays', async () => {
  const { coordinator, service, connector } = setUp({ delay: 20 })
  const results = await Promise.all(
    Array.from({ length: 20 }, async () => service.getHistoricalData('A', T, T + 10 * DAY, '1h')),
  )
  for (const result of results) expect(result.length).toBe(240)
  expect([...results[0]!.close]).toEqual(Array.from({ length: 240 }, (_, i) => T / HOUR + i))
  expect(await connector.calls()).toEqual([{ symbol: 'A', interval: '1h', since: T, limit: 240 }])
  // One call from here, all others from worker to worker.
  expect(coordinator.info('exchange-connector:fake')).toMatchObject({ dependents: ['historical-data'], calls: 2 })

  await service.unload()
  await coordinator.unloadComponent('exchange-connector:fake')
  const part = await service.getHistoricalData('A', T + DAY, T + 2 * DAY, '1h')
  expect(part.length).toBe(24)
  expect(await connector.calls()).toEqual([])
})

test('a hole of the exchange is not fetched again, not even after an unload', async () => {
  const { service, connector } = setUp({ hole: [T + DAY, T + 2 * DAY] })
  expect((await service.getHistoricalData('A', T - DAY, T + 3 * DAY, '1h')).length).toBe(48)
  const { length } = await connector.calls()
  expect((await service.getHistoricalData('A', T - DAY, T + 3 * DAY, '1h')).length).toBe(48)
  await service.unload()
  expect((await service.getHistoricalData('A', T - DAY, T + 3 * DAY, '1h')).length).toBe(48)
  expect(await connector.calls()).toHaveLength(length)
})

test('only what is stored, when that is all that is wanted', async () => {
  const { service, connector } = setUp()
  expect((await service.getHistoricalData('A', T, T + DAY, '1h', { fetch: false })).length).toBe(0)
  expect(await connector.calls()).toEqual([])
})

describe('a connector that fails', () => {
  test('is told as such, with what it said; the next call tries again', async () => {
    const { service, connector } = setUp()
    await connector.failWith('503 from the exchange')
    const error = await failure(service.getHistoricalData('A', T, T + DAY, '1h'))
    expect(isCandleFetchError(error) && [error.component, error.symbol, error.interval, error.since]).toEqual([
      'exchange-connector:fake',
      'A',
      '1h',
      T,
    ])
    expect(error.message).toContain('503 from the exchange')
    expect(error.cause).toMatchObject({ code: 'ERR_CONNECTOR', reason: 'unavailable' })
    await connector.failWith(undefined)
    expect((await service.getHistoricalData('A', T, T + DAY, '1h')).length).toBe(24)
  })

  test('by giving what are no candles: nothing of it is stored', async () => {
    const { service, connector } = setUp()
    await connector.failWith('garbage')
    const error = await failure(service.getHistoricalData('A', T, T + DAY, '1h'))
    expect(isCandleFetchError(error) && isInvalidOptionsError(error.cause)).toBe(true)
    expect(error.message).toMatch(/candles\[0\]/)
    expect(await service.listSymbols()).toEqual([])
  })

  test('by not answering: there is a deadline', async () => {
    const { service, connector } = setUp({}, { timeout: 100 })
    await connector.failWith('hang')
    const error = await failure(service.getHistoricalData('A', T, T + DAY, '1h'))
    expect(isCandleFetchError(error) && error.cause).toMatchObject({ code: 'ERR_CALL_TIMEOUT', timeout: 100 })
  })

  test('on a symbol it does not know: says so itself', async () => {
    const { service } = setUp()
    const error = await failure(service.getHistoricalData('UNKNOWN', T, T + DAY, '1h'))
    expect(isInvalidOptionsError(error) && [error.option, error.expected]).toEqual([
      'symbol',
      'a symbol like "BTC/USDT"',
    ])
  })

  test('by dying in the middle: the call rejects, and the next one finds it loaded again', async () => {
    const { coordinator, service } = setUp({ delay: 10_000 })
    const waiting = failure(service.getHistoricalData('A', T, T + DAY, '1h'))
    await expect.poll(() => coordinator.info('exchange-connector:fake').inUse).toBeGreaterThan(0)
    await coordinator.unloadComponent('exchange-connector:fake', { deadline: 0 })
    const error = await waiting
    expect(isCandleFetchError(error) && error.cause).toMatchObject({
      code: 'ERR_COMPONENT_CRASHED',
      outcome: 'unknown',
    })
    expect(await service.listSymbols()).toEqual([])
  })
})

test('prefetch is a stream of progress, and leaves nothing to be fetched', async () => {
  const { service, connector } = setUp({}, { pageSize: 10 })
  const reports = []
  for await (const report of service.prefetch(['A', 'UNKNOWN', 'B'], '1h', { from: T, to: T + DAY }))
    reports.push(report)
  const last = Object.fromEntries(reports.map((report) => [report.symbol, report]))
  expect(last).toMatchObject({
    A: { state: 'done', missing: 24, fetched: 24, total: 3 },
    B: { state: 'done', missing: 24, fetched: 24 },
    UNKNOWN: { state: 'failed', fetched: 0, error: { code: 'ERR_INVALID_OPTIONS' } },
  })
  expect(reports.filter(({ symbol, state }) => symbol === 'A' && state === 'fetching')).toHaveLength(3)
  expect(reports.at(-1)).toMatchObject({ completed: 3, total: 3 })
  const { length } = await connector.calls()
  expect((await service.getHistoricalData('B', T, T + DAY, '1h')).length).toBe(24)
  expect(await connector.calls()).toHaveLength(length)
})

test('prefetch that is awaited does it all, and gives how each symbol ended', async () => {
  const { service, connector } = setUp()
  const ended = await service.prefetch(['A', 'UNKNOWN'], '1h', { from: T, to: T + DAY })
  expect(ended.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1))).toMatchObject([
    { symbol: 'A', state: 'done', missing: 24, fetched: 24 },
    { symbol: 'UNKNOWN', state: 'failed', error: { code: 'ERR_INVALID_OPTIONS' } },
  ])
  expect((await service.getHistoricalData('A', T, T + DAY, '1h', { fetch: false })).length).toBe(24)
  expect(await connector.calls()).toHaveLength(2)
  await expect(service.prefetch(['A'], 'never' as '1h')).rejects.toMatchObject({ option: 'interval' })
})

test('a connector of the connector manager can be the source', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-history-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  await using coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
  const module = new URL('../fixtures/fake-connector.ts', import.meta.url)
  const connectors = new LazyConnectorManager(coordinator, {
    factory: new ConnectorFactory().register('fake', module, { listed: T }),
  })
  connectors.getConnector('fake')
  const service = new LazyHistoricalDataService(coordinator, {
    path: join(dir, 'candles.db'),
    connector: { component: 'exchange-connector:fake' },
  })
  expect((await service.getHistoricalData('A', T, T + DAY, '1h')).length).toBe(24)
  expect(coordinator.info('exchange-connector:fake')).toMatchObject({ type: 'connector', calls: 1 })
})

test('a connector that goes, comes back, or cannot be loaded ends fetching and not reading', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-history-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  await using coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
  const module = new URL('../fixtures/fake-connector.ts', import.meta.url)
  const factory = new ConnectorFactory()
    .register('fake', module, { listed: T })
    .register('broken', new URL('../fixtures/nowhere.ts', import.meta.url))
  const connectors = new LazyConnectorManager(coordinator, { factory })
  const history = (id: string): LazyHistoricalDataService =>
    new LazyHistoricalDataService(coordinator, {
      name: `history-of-${id}`,
      path: join(dir, 'candles.db'),
      connector: { component: `exchange-connector:${id}` },
    })
  const service = history('fake')
  const stored = async (from: LazyHistoricalDataService): Promise<number> =>
    (await from.getHistoricalData('A', T, T + DAY, '1h')).length
  const fetched = async (from: LazyHistoricalDataService, day: number): Promise<number> =>
    (await from.getHistoricalData('A', T + day * DAY, T + (day + 1) * DAY, '1h')).length

  connectors.getConnector('fake')
  expect(await fetched(service, 0)).toBe(24)
  await connectors.releaseConnector('fake')
  for (const reload of [false, true]) {
    if (reload) await service.unload()
    expect(await stored(service)).toBe(24)
    const error = await failure(fetched(service, 1))
    expect(isCandleFetchError(error) && error.component).toBe('exchange-connector:fake')
    expect(isComponentNotFoundError(error.cause)).toBe(true)
  }
  connectors.getConnector('fake')
  expect(await fetched(service, 1)).toBe(24)

  connectors.getConnector('broken')
  const broken = history('broken')
  expect(await stored(broken)).toBe(24)
  const error = await failure(fetched(broken, 2))
  expect(isCandleFetchError(error) && isComponentLoadError(error.cause)).toBe(true)
})

describe('bad options', () => {
  test.each([
    ['connector.component', { component: '' }],
    ['connector.pageSize', { pageSize: 0 }],
    ['connector.timeout', { timeout: -1 }],
    ['connector.maxCandles', { maxCandles: 0 }],
    ['connector.emptyMaxAge', { emptyMaxAge: -1 }],
  ] as const)('%s is named', (option, options) => {
    expect(() => setUp({}, options)).toThrow(
      expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option),
    )
  })

  test('prefetch without a connector, and a connector that is not registered, are told', async () => {
    await using coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: pino({ level: 'silent' }) })
    const dir = mkdtempSync(join(tmpdir(), 'spillway-history-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const path = join(dir, 'candles.db')
    const alone = new LazyHistoricalDataService(coordinator, { path })
    const error = await failure(alone.prefetch(['A'], '1h').next())
    expect(isInvalidOptionsError(error) && error.option).toBe('connector')
    const lost = new LazyHistoricalDataService(coordinator, { name: 'lost', path, connector: { component: 'nobody' } })
    expect(await lost.listSymbols()).toEqual([])
    const unfetched = await failure(lost.getHistoricalData('A', T, T + DAY, '1h'))
    expect(isCandleFetchError(unfetched) && isComponentNotFoundError(unfetched.cause)).toBe(true)
    expect(
      () =>
        new LazyHistoricalDataService(coordinator, { name: 'r', path, readOnly: true, connector: { component: 'x' } }),
    ).toThrow(expect.toSatisfy((e) => isInvalidOptionsError(e) && e.option === 'readOnly'))
  })
})
