import { describe, expect, it, vi } from 'vitest'
import type { MarketData } from '../../../src/services/connectors/market-data.ts'
import type { ExchangeConnector, FeedStatus } from '../../../src/services/connectors/connector.ts'
import { openFixture } from './connector-fixture.ts'
import type { SocketFault } from './fake-exchange.ts'
import { eventually } from './eventually.ts'

async function feedOf(connector: ExchangeConnector, symbol: string): Promise<FeedStatus | undefined> {
  return (await connector.getStatus()).feeds.find((feed) => feed.symbol === symbol)
}

async function take(stream: AsyncIterable<MarketData>, count: number): Promise<MarketData[]> {
  const taken: MarketData[] = []
  for await (const update of stream) {
    taken.push(update)
    if (taken.length === count) break
  }
  return taken
}

describe('a stream of market data', () => {
  it('gives updates with bid and ask, and leaves nothing behind when its reader leaves', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const updates = await take(connector.subscribeMarketData('BTC-USDT'), 3)
    for (const update of updates) {
      expect(update).toMatchObject({ exchange: 'binance', symbol: 'BTC/USDT', bidSize: 1.25, askSize: 2.5 })
      expect(update.last).toBeGreaterThan(0)
    }
    await eventually(() => expect(exchange.sockets).toBe(0))
    expect(await connector.getStatus()).toMatchObject({ sockets: 0, feeds: [], subscriptions: [] })
  })

  it('asks for nothing before it is read', async () => {
    await using fixture = await openFixture()
    fixture.connector.subscribeMarketData('BTC/USDT')
    expect(fixture.exchange.requests).toEqual([])
    expect(fixture.exchange.socketsOpened).toBe(0)
  })

  it('is shared by all who want the same symbol, and ends with the last of them', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const one = connector.subscribeMarketData('BTC/USDT')
    const two = connector.subscribeMarketData('BTCUSDT')
    await Promise.all([one.next(), two.next()])
    expect(exchange.streams).toEqual(['btcusdt@ticker'])
    expect(await feedOf(connector, 'BTC/USDT')).toMatchObject({ state: 'live', subscribers: 2 })
    await one.return!()
    await two.next()
    expect(exchange.streams).toEqual(['btcusdt@ticker'])
    await two.return!()
    await eventually(() => expect(exchange.streams).toEqual([]))
  })

  it('of one symbol ends while those of others go on', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const btc = connector.subscribeMarketData('BTC/USDT')
    const eth = connector.subscribeMarketData('ETH/USDT')
    await Promise.all([btc.next(), eth.next()])
    await btc.return!()
    await eventually(() => expect(exchange.streams).toEqual(['ethusdt@ticker']))
    await expect(eth.next()).resolves.toMatchObject({ value: { symbol: 'ETH/USDT' } })
    const again = connector.subscribeMarketData('BTC/USDT')
    await expect(again.next()).resolves.toMatchObject({ value: { symbol: 'BTC/USDT' } })
    expect((await feedOf(connector, 'ETH/USDT'))?.failures).toBe(0)
  })

  it('gives a slow reader the newest updates, and at most as many as the buffer holds', async () => {
    let now = Date.UTC(2026, 0, 1)
    await using fixture = await openFixture({ bufferSize: 2 }, { tickInterval: 0, now: () => now })
    const { connector, exchange } = fixture
    const stream = connector.subscribeMarketData('BTC/USDT')
    const first = stream.next()
    let arrived: number | null = null
    await connector.subscribeMarketData('BTC/USDT', ({ timestamp }) => {
      arrived = timestamp
    })
    await eventually(() => expect(exchange.streams).toHaveLength(1))
    exchange.tick()
    await first
    for (let i = 1; i <= 5; i++) {
      now += 1_000
      exchange.tick()
      // Each one is given the time to arrive: what is measured is the buffer, not the socket.
      await eventually(() => expect(arrived).toBe(now))
    }
    expect(await connector.getStatus()).toMatchObject({
      subscriptions: [{ kind: 'stream', delivered: 1, conflated: 3 }, {}],
    })
    const kept = await take(stream, 2)
    expect(kept.map(({ timestamp }) => timestamp)).toEqual([now - 1_000, now])
  })

  it('ends at once when it is left while it waits', async () => {
    await using fixture = await openFixture({}, { tickInterval: 0 })
    const stream = fixture.connector.subscribeMarketData('BTC/USDT')
    const waiting = stream.next()
    await eventually(() => expect(fixture.exchange.streams).toHaveLength(1))
    await stream.return!()
    await expect(waiting).resolves.toEqual({ done: true, value: undefined })
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined })
  })

  it('of an unknown symbol names the nearest', async () => {
    await using fixture = await openFixture()
    await expect(take(fixture.connector.subscribeMarketData('BTC/EURO'), 1)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'symbol',
    })
    expect((await fixture.connector.getStatus()).subscriptions).toEqual([])
  })

  it('ends when it is unsubscribed and when the connector is unloaded', async () => {
    await using fixture = await openFixture({}, { tickInterval: 0 })
    const { connector, exchange } = fixture
    const btc = connector.subscribeMarketData('BTC/USDT').next()
    const eth = connector.subscribeMarketData('ETH/USDT').next()
    await eventually(() => expect(exchange.streams).toHaveLength(2))
    expect(await connector.unsubscribe('BTCUSDT')).toBe(1)
    await expect(btc).resolves.toEqual({ done: true, value: undefined })
    await connector[Symbol.asyncDispose]()
    await expect(eth).resolves.toEqual({ done: true, value: undefined })
    await eventually(() => expect(exchange.sockets).toBe(0))
    await expect(take(connector.subscribeMarketData('BTC/USDT'), 1)).rejects.toMatchObject({ reason: 'closed' })
  })

  it('is bounded in number', async () => {
    await using fixture = await openFixture({ maxSubscriptions: 1 })
    const { connector } = fixture
    await connector.subscribeMarketData('BTC/USDT').next()
    await expect(connector.subscribeMarketData('ETH/USDT').next()).rejects.toMatchObject({
      code: 'ERR_OVERLOADED',
      limit: 1,
    })
  })

  it('is made by asking again and again where the exchange has none', async () => {
    const exchangeOptions = { rateLimit: 1, has: { watchTicker: false } }
    await using fixture = await openFixture({ pollInterval: 10, exchangeOptions })
    const { connector, exchange } = fixture
    const stream = connector.subscribeMarketData('BTC/USDT')
    await stream.next()
    exchange.failRest({ kind: 'status', status: 500 }, { times: 2 })
    await stream.next()
    await stream.next()
    await stream.return!()
    expect(exchange.socketsOpened).toBe(0)
    expect(exchange.requests.filter((path) => path.includes('/ticker/24hr')).length).toBeGreaterThanOrEqual(5)
  })
})

describe('a stream goes on', () => {
  it('after its socket was dropped', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const stream = connector.subscribeMarketData('BTC/USDT')
    for (let drops = 1; drops <= 3; drops++) {
      await stream.next()
      exchange.dropSockets()
      await eventually(() => expect(exchange.socketsOpened).toBe(drops + 1))
    }
    const since = Date.now()
    let update: MarketData
    do update = (await stream.next()).value!
    while (update.receivedAt < since)
    expect((await feedOf(connector, 'BTC/USDT'))?.failures).toBe(3)
  })

  it('after garbage', async () => {
    await using fixture = await openFixture()
    const { connector, exchange } = fixture
    const stream = connector.subscribeMarketData('BTC/USDT')
    await stream.next()
    for (const garbage of [
      '{"half":',
      'null',
      '[]',
      '{"e":"24hrTicker","s":"BTCUSDT"}',
      '{"e":"24hrTicker","s":"NOSUCH","c":"1"}',
    ]) {
      exchange.broadcast(garbage)
      const since = Date.now() + 30
      let update: MarketData
      do update = (await stream.next()).value!
      while (update.receivedAt < since)
      expect(update.last).toBeGreaterThan(0)
    }
  })

  it.each<[string, SocketFault]>([
    ['is refused', { kind: 'refuse', status: 503 }],
    ['is never opened', { kind: 'hang' }],
    ['says nothing', { kind: 'mute' }],
  ])('when the socket %s at first', async (_, fault) => {
    await using fixture = await openFixture({ connectTimeout: 150, streamIdleTimeout: 200, closeTimeout: 200 })
    const { connector, exchange } = fixture
    exchange.failSockets(fault, { times: 2 })
    const [update] = await take(connector.subscribeMarketData('BTC/USDT'), 1)
    expect(update).toMatchObject({ symbol: 'BTC/USDT' })
  })

  it('when a market is quiet: the socket is opened again, in case it is dead', async () => {
    await using fixture = await openFixture({ streamIdleTimeout: 150 }, { tickInterval: 0 })
    const { connector, exchange } = fixture
    const next = connector.subscribeMarketData('BTC/USDT').next()
    await eventually(() => expect(exchange.socketsOpened).toBeGreaterThanOrEqual(3))
    const ticking = setInterval(() => exchange.tick(), 5)
    await expect(next).resolves.toMatchObject({ done: false })
    clearInterval(ticking)
  })
})

describe.each<[string, SocketFault, string]>([
  ['refuses sockets', { kind: 'refuse', status: 503 }, 'network'],
  ['never opens them', { kind: 'hang' }, 'timeout'],
  ['never says anything', { kind: 'mute' }, 'timeout'],
])('an exchange that %s for good', (_, fault, reason) => {
  const impatient = { connectTimeout: 100, streamIdleTimeout: 150, closeTimeout: 150, reconnectTimeout: 400 }

  it('ends a stream in a typed error, once', async () => {
    await using fixture = await openFixture(impatient)
    const { connector, exchange } = fixture
    exchange.failSockets(fault, { times: Number.POSITIVE_INFINITY })
    const stream = connector.subscribeMarketData('BTC/USDT')
    const error = await stream.next().catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'ConnectorError', code: 'ERR_CONNECTOR', exchange: 'binance', reason })
    expect((error as Error).cause).toBeInstanceOf(Error)
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined })
    expect(await connector.getStatus()).toMatchObject({ feeds: [], subscriptions: [] })
  })

  it('is told to a callback', async () => {
    await using fixture = await openFixture(impatient)
    fixture.exchange.failSockets(fault, { times: Number.POSITIVE_INFINITY })
    const onEnd = vi.fn<() => void>()
    const id = await fixture.connector.subscribeMarketData('BTC/USDT', () => {}, onEnd)
    await eventually(() => expect(onEnd).toHaveBeenCalledTimes(1))
    expect(onEnd).toHaveBeenCalledWith({
      id,
      symbol: 'BTC/USDT',
      error: { code: 'ERR_CONNECTOR', message: expect.stringContaining(reason) as string },
    })
  })
})

it('after a feed was given up, the next one starts afresh', async () => {
  await using fixture = await openFixture({ reconnectTimeout: 50 })
  const { connector, exchange } = fixture
  exchange.failSockets({ kind: 'refuse', status: 503 }, { times: Number.POSITIVE_INFINITY })
  await expect(take(connector.subscribeMarketData('BTC/USDT'), 1)).rejects.toMatchObject({ reason: 'network' })
  exchange.heal()
  await expect(take(connector.subscribeMarketData('BTC/USDT'), 1)).resolves.toHaveLength(1)
})
