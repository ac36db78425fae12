import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import {
  isCallTimeoutError,
  isComponentCrashedError,
  isComponentLoadError,
  isComponentNotFoundError,
  isDuplicateComponentError,
  isInvalidOptionsError,
  isSnapshotError,
} from '../../src/contract/errors.ts'
import type movingAverage from '../../src/examples/components/moving-average.ts'
import type { Signal } from '../../src/examples/components/moving-average.ts'
import { LazyStrategyManager } from '../../src/services/lazy-strategies.ts'
import type { LazyStrategyManagerOptions } from '../../src/services/lazy-strategies.ts'

interface Tick {
  symbol: string
  last: number
}
const average = new URL('../../src/examples/components/moving-average.ts', import.meta.url)
const awkward = new URL('../fixtures/awkward-strategy.ts', import.meta.url)
const averageOf = (symbol: string): { module: URL; config: unknown } => ({
  module: average,
  config: { symbol, short: 2, long: 4 },
})

function setUp(
  strategies: LazyStrategyManagerOptions['strategies'] = { btc: averageOf('BTC'), eth: averageOf('ETH') },
  options: LazyStrategyManagerOptions = {},
): { coordinator: ComponentCoordinator; manager: LazyStrategyManager<Tick, Signal> } {
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown({ deadline: 3_000 })))
  return { coordinator, manager: new LazyStrategyManager<Tick, Signal>(coordinator, { strategies, ...options }) }
}

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as Error,
  )

async function feed(manager: LazyStrategyManager<Tick, Signal>, symbol: string, prices: number[]): Promise<Signal[]> {
  const signals: Signal[] = []
  for (const last of prices) {
    signals.push(...(await manager.onMarketData({ symbol, last })).signals.map(({ signal }) => signal))
  }
  return signals
}

describe('updates', () => {
  test('go to every strategy that is started, and what they make of them comes back', async () => {
    const { manager } = setUp()
    await Promise.all([manager.start('btc'), manager.start('eth')])
    expect(await feed(manager, 'BTC', [1, 1, 1, 1, 5, 1, 1])).toEqual([
      { symbol: 'BTC', side: 'buy', price: 5 },
      { symbol: 'BTC', side: 'sell', price: 1 },
    ])
    const { signals, delivered, skipped, failed } = await manager.onMarketData({ symbol: 'ETH', last: 1 })
    expect({ signals, skipped, failed }).toEqual({ signals: [], skipped: [], failed: [] })
    expect(delivered.toSorted()).toEqual(['btc', 'eth'])
  })

  test('load nothing: neither what was never started, nor what was stopped', async () => {
    const { coordinator, manager } = setUp()
    expect(await manager.onMarketData({ symbol: 'BTC', last: 1 })).toEqual({
      signals: [],
      delivered: [],
      skipped: [],
      failed: [],
    })
    expect(coordinator.list()).toEqual([])
    await manager.start('btc')
    await manager.stop('btc')
    await manager.onMarketData({ symbol: 'BTC', last: 1 })
    expect(coordinator.info('strategy:btc')).toMatchObject({ state: 'unloaded', loads: 1 })
  })

  test('pass a started one by that is not loaded, at whatever point of its life it is', async () => {
    const { coordinator, manager } = setUp()
    await manager.start('btc')
    const unload = coordinator.unloadComponent('strategy:btc')
    const results = []
    do {
      results.push(await manager.onMarketData({ symbol: 'BTC', last: 1 }))
      await new Promise((resolve) => setImmediate(resolve))
    } while (coordinator.info('strategy:btc').state !== 'unloaded')
    await unload
    results.push(await manager.onMarketData({ symbol: 'BTC', last: 1 }))
    expect(coordinator.info('strategy:btc')).toMatchObject({ state: 'unloaded', loads: 1 })
    expect(results.at(-1)).toMatchObject({ skipped: ['btc'], delivered: [], failed: [] })
    expect(results.flatMap(({ failed }) => failed)).toEqual([])
    // While it is being loaded it is not loaded yet.
    const starting = manager.start('btc')
    expect(await manager.onMarketData({ symbol: 'BTC', last: 1 })).toMatchObject({ skipped: ['btc'] })
    await starting
    expect(await manager.onMarketData({ symbol: 'BTC', last: 1 })).toMatchObject({ delivered: ['btc'] })
    const [{ delivered, skipped }] = manager.list() as [ReturnType<typeof manager.list>[number]]
    expect(delivered + skipped).toBe(results.length + 2)
  })

  test('are not held up, nor kept from the others, by a strategy that fails', async () => {
    const { coordinator, manager } = setUp(
      {
        btc: averageOf('BTC'),
        throws: { module: awkward, config: { onData: 'throw' } },
        hangs: { module: awkward, config: { onData: 'hang' } },
        dies: { module: awkward, config: { onData: 'exit' } },
      },
      { callTimeout: 1_000 },
    )
    await Promise.all(['btc', 'throws', 'hangs', 'dies'].map(async (key) => manager.start(key)))
    const { delivered, failed } = await manager.onMarketData({ symbol: 'BTC', last: 1 })
    expect(delivered).toEqual(['btc'])
    const errors = Object.fromEntries(failed.map(({ key, error }) => [key, error]))
    expect(errors['throws']).toMatchObject({ name: 'RangeError', message: 'cannot make anything of it' })
    expect(isCallTimeoutError(errors['hangs'])).toBe(true)
    expect(isComponentCrashedError(errors['dies'])).toBe(true)
    // The one that died is not brought back by the next update, which it would not survive either.
    expect(await manager.onMarketData({ symbol: 'BTC', last: 1 })).toMatchObject({
      delivered: ['btc'],
      skipped: ['dies'],
    })
    expect(coordinator.info('strategy:dies')).toMatchObject({ loads: 1, crashes: 1 })
  })
})

describe('state', () => {
  test('is kept from a stop to the next start', async () => {
    const { coordinator, manager } = setUp()
    await manager.start('btc')
    await feed(manager, 'BTC', [1, 1, 1, 1, 5])
    expect(await manager.stop('btc')).toMatchObject({ name: 'strategy:btc' })
    await manager.start('btc')
    expect(coordinator.info('strategy:btc').generation).toBe(2)
    const strategy = manager.strategy<typeof movingAverage>('btc')
    expect([await strategy.position(), await strategy.pricesSeen()]).toEqual(['long', 4])
    expect(await feed(manager, 'BTC', [1, 1])).toEqual([{ symbol: 'BTC', side: 'sell', price: 1 }])
  })

  test('is kept over an unload for want of memory, and updates do not bring the strategy back', async () => {
    const { coordinator, manager } = setUp()
    await manager.start('btc')
    await feed(manager, 'BTC', [1, 1, 1, 1, 5])
    expect(await coordinator.memory.freeMemory(1)).toMatchObject({ unloaded: ['strategy:btc'] })
    expect(await manager.onMarketData({ symbol: 'BTC', last: 1 })).toMatchObject({ skipped: ['btc'] })
    expect(manager.list()[0]).toMatchObject({ key: 'btc', started: true, state: 'unloaded', skipped: 1 })
    await manager.start('btc')
    expect(await manager.strategy<typeof movingAverage>('btc').position()).toBe('long')
  })

  test('that cannot be kept leaves the strategy loaded, but stopped', async () => {
    const { manager } = setUp({ awkward: { module: awkward, config: { noSnapshot: true } } })
    await manager.start('awkward')
    expect(isSnapshotError(await failure(manager.stop('awkward')))).toBe(true)
    expect(manager.list()).toMatchObject([{ key: 'awkward', started: false, state: 'ready' }])
    expect(await manager.onMarketData({ symbol: 'A', last: 1 })).toMatchObject({ delivered: [] })
    await expect(manager.stopAll()).rejects.toBeInstanceOf(AggregateError)
    await manager.remove('awkward')
    expect(manager.list()).toEqual([])
  })

  test('goes when the strategy is removed', async () => {
    const { manager } = setUp()
    await manager.start('btc')
    await feed(manager, 'BTC', [1, 1, 1, 1, 5])
    const removed = manager.remove('btc')
    expect(isComponentNotFoundError(await failure(manager.start('btc')))).toBe(true)
    manager.define('btc', averageOf('BTC'))
    await manager.start('btc')
    await removed
    expect(await manager.strategy<typeof movingAverage>('btc').pricesSeen()).toBe(0)
  })
})

describe('what is wrong is told', () => {
  test('a strategy that is not defined, with those that are', async () => {
    const { manager } = setUp()
    const error = await failure(manager.start('doge'))
    expect(isComponentNotFoundError(error) && error.component).toBe('strategy:doge')
    expect(error.message).toContain('strategy:btc, strategy:eth')
    expect(isComponentNotFoundError(await failure(manager.stop('doge')))).toBe(true)
    expect(() => manager.strategy('doge')).toThrow(expect.toSatisfy(isComponentNotFoundError))
  })

  test('a module that does not exist: it is not started, and another start tries again', async () => {
    const { coordinator, manager } = setUp({ lost: { module: new URL('./no-such-module.ts', import.meta.url) } })
    const error = await failure(manager.start('lost'))
    expect(isComponentLoadError(error) && (error.cause as NodeJS.ErrnoException).code).toBe('ERR_MODULE_NOT_FOUND')
    expect(manager.list()).toMatchObject([{ key: 'lost', started: false }])
    expect(await manager.onMarketData({ symbol: 'A', last: 1 })).toMatchObject({ skipped: [], failed: [] })
    expect(isComponentLoadError(await failure(manager.start('lost')))).toBe(true)
    expect(coordinator.info('strategy:lost').state).toBe('unloaded')
  })

  test('bad options, and names that are taken', () => {
    const { coordinator, manager } = setUp()
    expect(() => manager.define('btc', averageOf('BTC'))).toThrow(expect.toSatisfy(isDuplicateComponentError))
    expect(() => new LazyStrategyManager(coordinator)).toThrow(expect.toSatisfy(isDuplicateComponentError))
    const bad = (option: string) => expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option)
    expect(() => manager.define('', averageOf('A'))).toThrow(bad('key'))
    expect(() => manager.define('x', { module: 7 as unknown as string })).toThrow(bad('x.module'))
    expect(() => setUp({ a: averageOf('A') }, { priority: 101 }).manager.strategy('a')).toThrow(bad('priority'))
  })
})
