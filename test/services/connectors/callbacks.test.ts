import { releaseProxy } from 'comlink'
import { describe, expect, it, vi } from 'vitest'
import { ComponentCrashedError } from '../../../src/contract/errors.ts'
import type { MarketData } from '../../../src/services/connectors/market-data.ts'
import { openFixture } from './connector-fixture.ts'
import { eventually } from './eventually.ts'

const gone = (): Error => new ComponentCrashedError('caller', { reason: 'exit', generation: 1, outcome: 'not-sent' })

describe('a subscription with a callback', () => {
  it('calls back until it is unsubscribed by its id, and says that it ended', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const callback = vi.fn<(update: MarketData) => void>()
    const onEnd = vi.fn<() => void>()
    const id = await connector.subscribeMarketData('btcusdt', callback, onEnd)
    await eventually(() => expect(callback.mock.calls.length).toBeGreaterThanOrEqual(3))
    expect(callback.mock.calls[0]![0]).toMatchObject({ symbol: 'BTC/USDT' })
    expect(await connector.getStatus()).toMatchObject({ subscriptions: [{ id, symbol: 'BTC/USDT', kind: 'callback' }] })
    expect(await connector.unsubscribe(id)).toBe(1)
    expect(onEnd.mock.calls).toEqual([[{ id, symbol: 'BTC/USDT' }]])
    const calls = callback.mock.calls.length
    exchange.tick()
    await eventually(() => expect(exchange.sockets).toBe(0))
    expect(callback).toHaveBeenCalledTimes(calls)
    expect(await connector.unsubscribe(id)).toBe(0)
  })

  it('ends with all others of its symbol', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    await connector.subscribeMarketData('BTC/USDT', () => {})
    await connector.subscribeMarketData('BTC/USDT', () => {})
    await connector.subscribeMarketData('ETH/USDT', () => {})
    await eventually(() => expect(exchange.streams).toHaveLength(2))
    expect(await connector.unsubscribe('BTC-USDT')).toBe(2)
    expect(exchange.streams).toEqual(['ethusdt@ticker'])
    expect(await connector.unsubscribe('SOL/USDT')).toBe(0)
  })

  it('is called once at a time, with the newest update next', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using fixture = await openFixture({}, { tickInterval: 0, now: () => now })
    const { connector, exchange } = fixture
    const seen: (number | null)[] = []
    let resume = (): void => {}
    await connector.subscribeMarketData('BTC/USDT', async (update) => {
      seen.push(update.timestamp)
      await new Promise<void>((resolve) => {
        resume = resolve
      })
    })
    let arrived: number | null = null
    await connector.subscribeMarketData('BTC/USDT', ({ timestamp }) => {
      arrived = timestamp
    })
    await eventually(() => expect(exchange.streams).toHaveLength(1))
    exchange.tick()
    await eventually(() => expect(seen).toHaveLength(1))
    for (let i = 1; i <= 4; i++) {
      now += 1_000
      exchange.tick()
      await eventually(() => expect(arrived).toBe(now))
    }
    expect(await connector.getStatus()).toMatchObject({ subscriptions: [{ delivered: 0, conflated: 3 }, {}] })
    resume()
    await eventually(() => expect(seen).toHaveLength(2))
    expect(seen[1]).toBe(now)
  })

  it('is dropped, and its feed with it, when the one to be called is gone', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const callback = vi.fn<() => Promise<void>>().mockRejectedValue(gone())
    await connector.subscribeMarketData('BTC/USDT', callback)
    await eventually(async () => expect((await connector.getStatus()).subscriptions).toEqual([]))
    expect(callback).toHaveBeenCalledTimes(1)
    await eventually(() => expect(exchange.sockets).toBe(0))
  })

  it('is dropped when the callback does not return', async () => {
    await using fixture = await openFixture({ callbackTimeout: 50 })
    const { connector, exchange } = fixture
    const callback = vi.fn<() => Promise<void>>().mockReturnValue(new Promise(() => {}))
    await connector.subscribeMarketData('BTC/USDT', callback)
    await eventually(async () => expect((await connector.getStatus()).subscriptions).toEqual([]))
    expect(callback).toHaveBeenCalledTimes(1)
    await eventually(() => expect(exchange.sockets).toBe(0))
  })

  it('survives a callback that throws now and then, and is dropped when it always does', async () => {
    await using fixture = await openFixture()
    const { connector } = fixture
    let calls = 0
    await connector.subscribeMarketData('BTC/USDT', () => {
      calls++
      if (calls % 3 !== 0) throw new Error('not today')
    })
    const always = vi.fn<() => void>(() => {
      throw new Error('never')
    })
    await connector.subscribeMarketData('BTC/USDT', always)
    await eventually(() => expect(calls).toBeGreaterThanOrEqual(12))
    const { subscriptions } = await connector.getStatus()
    expect(subscriptions).toHaveLength(1)
    expect(always).toHaveBeenCalledTimes(5)
  })

  it('releases what came from another thread', async () => {
    await using fixture = await openFixture()
    const { connector } = fixture
    const release = vi.fn<() => void>()
    const remote = (): (() => void) => Object.assign(() => {}, { [releaseProxy]: release })
    await connector.subscribeMarketData('BTC/USDT', remote(), remote())
    await connector.unsubscribe('BTC/USDT')
    await eventually(() => expect(release).toHaveBeenCalledTimes(2))
    const failing = Object.assign(() => Promise.reject(gone()), { [releaseProxy]: release })
    await connector.subscribeMarketData('BTC/USDT', failing)
    await eventually(() => expect(release).toHaveBeenCalledTimes(3))
  })

  it('ends, and is told so, when the connector is unloaded', async () => {
    await using fixture = await openFixture()
    const onEnd = vi.fn<() => void>()
    await fixture.connector.subscribeMarketData('BTC/USDT', () => {}, onEnd)
    await fixture.connector[Symbol.asyncDispose]()
    expect(onEnd).toHaveBeenCalledTimes(1)
    await eventually(() => expect(fixture.exchange.sockets).toBe(0))
  })

  it('needs functions and a symbol that exists', async () => {
    await using fixture = await openFixture()
    const { connector } = fixture
    const wrong = 'no function' as unknown as () => void
    await expect(connector.subscribeMarketData('BTC/USDT', wrong)).rejects.toMatchObject({ option: 'callback' })
    await expect(connector.subscribeMarketData('BTC/USDT', () => {}, wrong)).rejects.toMatchObject({ option: 'onEnd' })
    await expect(connector.subscribeMarketData('BTC/EURO', () => {})).rejects.toMatchObject({ option: 'symbol' })
  })
})
