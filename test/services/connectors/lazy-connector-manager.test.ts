import { proxy } from 'comlink'
import { describe, expect, it, vi } from 'vitest'
import type { FamilyDefinition } from '../../../src/component/family.ts'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import type { ConnectorConfig } from '../../../src/services/connectors/config.ts'
import { ConnectorFactory } from '../../../src/services/connectors/connector-factory.ts'
import { LazyConnectorManager } from '../../../src/services/lazy-connector-manager.ts'
import type { ConnectorCoordinator, RemoteConnector } from '../../../src/services/lazy-connector-manager.ts'
import { silent } from './connector-fixture.ts'
import { FakeExchange } from './fake-exchange.ts'
import { eventually } from './eventually.ts'

describe('ConnectorFactory', () => {
  it('makes a ccxt connector of every id it does not know, with defaults and options of its own', () => {
    const factory = new ConnectorFactory({ retries: 1, callTimeout: 5_000 }).configure('kraken', { retries: 7 })
    expect(factory.recipe('binance')).toEqual({
      kind: 'ccxt',
      config: { exchange: 'binance', retries: 1, callTimeout: 5_000 },
    })
    expect(factory.recipe('kraken')).toEqual({
      kind: 'ccxt',
      config: { exchange: 'kraken', retries: 7, callTimeout: 5_000 },
    })
  })

  it('knows the modules of users', () => {
    const module = new URL('./my-exchange.js', import.meta.url)
    const factory = new ConnectorFactory().register('mine', module, { key: 'k' })
    expect(factory.recipe('mine')).toEqual({ kind: 'module', module, config: { key: 'k' } })
  })

  it('refuses what is taken or no id', () => {
    const factory = new ConnectorFactory().register('mine', 'my-exchange')
    expect(() => factory.register('mine', 'other')).toThrow(
      expect.objectContaining({ code: 'ERR_COMPONENT_DUPLICATE' }) as Error,
    )
    expect(() => factory.configure('mine', {})).toThrow(
      expect.objectContaining({ code: 'ERR_COMPONENT_DUPLICATE' }) as Error,
    )
    expect(() => factory.recipe('a b')).toThrow(expect.objectContaining({ option: 'id' }) as Error)
    expect(() => factory.register('other', '')).toThrow(expect.objectContaining({ option: 'module' }) as Error)
  })
})

/** A manager, and holds of its one connector: `api` is the source of an object of functions. */
function mine<Method extends string>(coordinator: ComponentCoordinator, api: string) {
  const factory = new ConnectorFactory().register('mine', `data:text/javascript,export default () => (${api})`)
  const manager = new LazyConnectorManager(coordinator, { factory })
  // Only the test knows what its connector has.
  const get = (): Record<Method, () => Promise<number>> =>
    manager.getConnector('mine') as unknown as Record<Method, () => Promise<number>>
  return { factory, manager, get }
}

describe('LazyConnectorManager', () => {
  it('registers a family with the figures of a connector', () => {
    let definition: FamilyDefinition | undefined
    const coordinator: ConnectorCoordinator = {
      registerFamily: (given) => {
        definition = given
        return {
          get: vi.fn<() => never>(),
          has: () => false,
          componentName: (key) => key,
          release: async () => undefined,
          list: () => [],
          releaseAll: async () => [],
          unregister: async () => [],
        }
      },
      info: vi.fn<() => never>(),
      unloadComponent: vi.fn<() => never>(),
    }
    const own = new ConnectorFactory().register('mine', 'my-exchange', 5)
    const manager = new LazyConnectorManager(coordinator, { factory: own })
    expect(manager.listActiveConnectors()).toEqual([])
    expect(definition).toMatchObject({
      name: 'exchange-connector',
      type: 'connector',
      memoryEstimate: 75 * 1024 ** 2,
      timeout: 45_000,
      priority: 25,
    })
    const { module, config } = definition!
    if (typeof module !== 'function') throw new Error('one module for all keys')
    expect(module('binance')).toBe('spillway/services/exchange-connector')
    expect(config?.('binance')).toMatchObject({ exchange: 'binance' })
    expect([module('mine'), config?.('mine')]).toEqual(['my-exchange', 5])
    expect(() => manager.getConnector('')).toThrow(expect.objectContaining({ option: 'id' }) as Error)
  })

  it('ends a connector at its last release, and no sooner', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
    const { manager, get } = mine<'a'>(coordinator, '{ a: () => 1 }')
    const [first, second] = [get(), get()]
    expect(await Promise.all([first.a(), second.a()])).toEqual([1, 1])
    await manager.releaseConnector('mine')
    expect(await second.a()).toBe(1)
    expect(coordinator.info('exchange-connector:mine').loads).toBe(1)
    await manager.releaseConnector('mine')
    await expect(second.a()).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    expect(manager.listActiveConnectors()).toEqual([])
    // Released once too often: that is nobody else's hold.
    await manager.releaseConnector('mine')
    const third = get()
    expect(await third.a()).toBe(1)
    get()
    // Gone by its name, whoever held it: holds are counted anew.
    await coordinator.unregisterComponent('exchange-connector:mine')
    const fourth = get()
    expect(await fourth.a()).toBe(1)
    await manager.releaseConnector('mine')
    await expect(fourth.a()).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
  })

  it('has the next connector of an exchange at once when the last one is released', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
    const { factory, manager, get } = mine<'a' | 'b'>(
      coordinator,
      '{ a: () => 1, b: () => new Promise((done) => setTimeout(done, 100, 2)) }',
    )
    const first = get()
    await first.a()
    const under = first.b()
    const released = manager.releaseConnector('mine')
    const [second, third] = [get(), get()]
    expect(await Promise.all([under, second.a(), third.a()])).toEqual([2, 1, 1])
    await released
    await expect(first.a()).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    // Held twice, whatever has become of the first.
    await manager.releaseConnector('mine')
    expect(await third.a()).toBe(1)
    const all = manager.shutdownAll()
    expect(await get().a()).toBe(1)
    await all
    expect(manager.listActiveConnectors()).toEqual(['mine'])
    const closed = manager.shutdown()
    const next = new LazyConnectorManager(coordinator, { factory })
    expect(next.getConnector('mine')).toBeDefined()
    await closed
    expect(next.listActiveConnectors()).toEqual(['mine'])
  })

  // Six loads of ccxt.
  it(
    'remembers for how long an exchange wants no requests, however its connector has ended',
    { timeout: 180_000 },
    async () => {
      await using exchange = await FakeExchange.start()
      await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
      const urls = { rest: exchange.restUrl, ws: exchange.wsUrl }
      const exchangeOptions = { rateLimit: 1 }
      const open = (): LazyConnectorManager =>
        new LazyConnectorManager(coordinator, { factory: new ConnectorFactory({ urls, exchangeOptions }) })
      let manager = open()
      let connector = manager.getConnector('binance')
      const refused = { code: 'ERR_CONNECTOR', reason: 'rate-limited' }
      exchange.failRest({ kind: 'status', status: 418, retryAfter: 600 })
      await expect(connector.getMarketData('BTC/USDT')).rejects.toMatchObject(refused)
      const sent = exchange.requests.length
      const component = 'exchange-connector:binance'
      const ends: Record<string, () => Promise<unknown>> = {
        released: async () => manager.releaseConnector('binance'),
        unregistered: async () => coordinator.unregisterComponent(component),
        unloaded: async () => coordinator.unloadComponent(component),
        'in the middle of a call': async () => {
          const cut = Promise.allSettled([connector.getStatus()])
          await coordinator.unloadComponent(component, { deadline: 0 })
          await cut
        },
        'with its manager': async () => {
          await manager.shutdown()
          manager = open()
        },
      }
      for (const [how, end] of Object.entries(ends)) {
        await end()
        const left = coordinator.list().filter(({ name, state }) => name === component && state !== 'unloaded')
        expect([how, left]).toEqual([how, []])
        connector = manager.getConnector('binance')
        const error: unknown = await connector.getMarketData('BTC/USDT').catch((e: unknown) => e)
        expect(error).toMatchObject({ ...refused, attempts: 0 })
        const { retryAfter } = error as { retryAfter: number }
        expect(retryAfter).toBeGreaterThan(300_000)
        expect(retryAfter).toBeLessThanOrEqual(600_000)
        expect(exchange.requests).toHaveLength(sent)
        expect(await connector.getStatus()).toMatchObject({ state: 'rate-limited' })
      }
    },
  )

  it('asks an exchange at another address whatever this one wants', async () => {
    await using exchange = await FakeExchange.start()
    await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
    const exchangeOptions = { rateLimit: 1 }
    const open = (name: string, urls: ConnectorConfig['urls'] & object): RemoteConnector =>
      new LazyConnectorManager(coordinator, {
        name,
        factory: new ConnectorFactory({ urls, exchangeOptions }),
      }).getConnector('binance')
    exchange.failRest({ kind: 'status', status: 418, retryAfter: 600 })
    const here = open('here', { rest: exchange.restUrl, ws: exchange.wsUrl })
    await expect(here.getMarketData('BTC/USDT')).rejects.toMatchObject({ reason: 'rate-limited' })
    const elsewhere = open('elsewhere', { rest: exchange.restUrl })
    expect(await elsewhere.getMarketData('BTC/USDT')).toMatchObject({ symbol: 'BTC/USDT' })
  })

  it('runs connectors in workers: ccxt over the fake exchange, and a module of the user', async () => {
    await using exchange = await FakeExchange.start()
    await using coordinator = new ComponentCoordinator({ logger: silent })
    const factory = new ConnectorFactory({
      urls: { rest: exchange.restUrl, ws: exchange.wsUrl },
      exchangeOptions: { rateLimit: 1 },
    }).register('mine', 'data:text/javascript,export default (c) => ({ getStatus: () => c })', { exchange: 'mine' })
    const manager = new LazyConnectorManager(coordinator, { factory })

    const binance = manager.getConnector('binance')
    expect(await binance.getMarketData('BTC/USDT')).toMatchObject({ symbol: 'BTC/USDT', bidSize: 1.25 })
    expect(await binance.getCandles('BTC/USDT', '1m', { limit: 2 })).toHaveLength(2)
    await expect(binance.getOrderBook('BTC/USD')).rejects.toMatchObject({
      name: 'InvalidOptionsError',
      message: expect.stringContaining('"BTC/USDT"') as string,
    })
    let updates = 0
    for await (const update of binance.subscribeMarketData('BTC/USDT')) {
      expect(update.last).toBeGreaterThan(0)
      if (++updates === 3) break
    }
    const callback = vi.fn<() => void>()
    const onEnd = vi.fn<() => void>()
    const id = await binance.subscribeMarketData('ETH/USDT', proxy(callback), proxy(onEnd))
    await eventually(() => expect(callback.mock.calls.length).toBeGreaterThan(2))
    expect(coordinator.info('exchange-connector:binance').inUse).toBeGreaterThan(0)
    expect(await binance.unsubscribe(id)).toBe(1)
    await eventually(() => expect(coordinator.info('exchange-connector:binance').inUse).toBe(0))
    expect(onEnd).toHaveBeenCalledWith({ id, symbol: 'ETH/USDT' })

    expect(await manager.getConnector('mine').getStatus()).toEqual({ exchange: 'mine' })
    expect(manager.listActiveConnectors()).toEqual(['binance', 'mine'])
    await expect(manager.getConnector('binanse').getStatus()).rejects.toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      cause: { code: 'ERR_INVALID_OPTIONS', expected: expect.stringContaining('"binance"') as string },
    })
    // Nobody's connector was ever there.
    expect(manager.listActiveConnectors()).toEqual(['binance', 'mine'])
    await manager.releaseConnector('binanse')
    await manager.shutdownAll()
    expect(manager.listActiveConnectors()).toEqual([])
    expect(exchange.sockets).toBe(0)
  })
})
