import { describe, expect, it } from 'vitest'
import { createExchangeConnector } from '../../../src/services/connectors/exchange-connector.ts'
import { openFixture, silent, steady } from './connector-fixture.ts'
import { MadeUpMarket } from '../../../src/demo/exchange/made-up-market.ts'

const noon = Date.UTC(2026, 0, 15, 12)
const market = new MadeUpMarket(1)
const btc = market.symbol('BTCUSDT')!
const minute = 60_000

describe('an exchange connector over ccxt', () => {
  it('gives a normalised ticker', async () => {
    await using fixture = await openFixture({}, { now: () => noon })
    const ticker = await fixture.connector.getMarketData('BTC/USDT')
    const price = market.price(btc, noon)
    expect(ticker).toMatchObject({
      exchange: 'binance',
      symbol: 'BTC/USDT',
      timestamp: noon,
      bidSize: 1.25,
      askSize: 2.5,
    })
    expect(ticker.last).toBeCloseTo(price, 6)
    expect(ticker.bid).toBeCloseTo(price * 0.9999, 6)
    expect(ticker.ask).toBeCloseTo(price * 1.0001, 6)
    expect(Math.abs(ticker.receivedAt - Date.now())).toBeLessThan(60_000)
  })

  it.each(['BTC/USDT', 'BTC-USDT', 'btc_usdt', 'BTCUSDT', 'btcusdt'])('understands %s', async (spelling) => {
    await using fixture = await openFixture()
    await expect(fixture.connector.getMarketData(spelling)).resolves.toMatchObject({ symbol: 'BTC/USDT' })
  })

  it('gives an order book of the depth asked for, best prices first', async () => {
    await using fixture = await openFixture({}, { now: () => noon })
    const book = await fixture.connector.getOrderBook('ETH/USDT', 5)
    expect(book).toMatchObject({ exchange: 'binance', symbol: 'ETH/USDT', nonce: noon })
    expect(book.bids).toHaveLength(5)
    expect(book.asks).toHaveLength(5)
    expect(book.bids[0]![0]).toBeGreaterThan(book.bids[4]![0])
    expect(book.asks[0]![0]).toBeLessThan(book.asks[4]![0])
    expect(book.bids[0]![0]).toBeLessThan(book.asks[0]![0])
  })

  it('gives candles from a time on, page by page, each once and in order', async () => {
    await using fixture = await openFixture()
    const since = noon - 1_200 * minute
    const candles = await fixture.connector.getCandles('BTC/USDT', '1m', { since, limit: 1_100 })
    expect(candles.map(({ time }) => time)).toEqual(Array.from({ length: 1_100 }, (_, i) => since + i * minute))
    const [, open, high, low, close, volume] = market.klines(btc, '1m', {
      from: since,
      limit: 1,
      now: noon,
    })[0] as string[]
    expect(candles[0]).toEqual({
      time: since,
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
    })
    expect(fixture.exchange.requests.filter((path) => path.includes('/klines'))).toHaveLength(3)
  })

  it('gives the newest candles when no time is given, and fewer where the exchange has no more', async () => {
    const now = Math.floor(Date.now() / minute) * minute
    await using fixture = await openFixture()
    const newest = await fixture.connector.getCandles('BTC/USDT', '1m', { limit: 3 })
    expect(newest).toHaveLength(3)
    expect(newest.at(-1)!.time).toBeGreaterThanOrEqual(now)
    const rest = await fixture.connector.getCandles('BTC/USDT', '1m', { since: now - 4 * minute, limit: 1_000 })
    expect(rest.length).toBeGreaterThanOrEqual(5)
    expect(rest.length).toBeLessThanOrEqual(6)
    expect(await fixture.connector.getCandles('BTC/USDT', '1m', { since: now + 3_600_000 })).toEqual([])
  })

  it('fetches the markets once for all first calls, and again when they are old and a symbol is missing', async () => {
    await using fixture = await openFixture({ marketsMaxAge: 0 })
    const { connector, exchange } = fixture
    const fetched = (): number => exchange.requests.filter((path) => path.startsWith('/api/v3/exchangeInfo')).length
    await Promise.all(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((symbol) => connector.getMarketData(symbol)))
    expect(fetched()).toBe(1)
    await expect(connector.getMarketData('NEW/USDT')).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS' })
    expect(fetched()).toBe(2)
  })

  it('keeps to the rate limit that ccxt knows', async () => {
    await using fixture = await openFixture({ exchangeOptions: { rateLimit: 100 } })
    await fixture.connector.getMarketData('BTC/USDT')
    const startedAt = performance.now()
    // The weight of a shallow book is 1: one per 100 ms; the first may come out of what was saved up.
    await Promise.all(Array.from({ length: 4 }, () => fixture.connector.getOrderBook('BTC/USDT', 5)))
    expect(performance.now() - startedAt).toBeGreaterThan(250)
  })

  it('passes exchangeOptions on, and takes addresses one by one', async () => {
    await using fixture = await openFixture()
    const { restUrl } = fixture.exchange
    const seen = fixture.exchange.requests.length
    await using connector = await createExchangeConnector(
      {
        exchange: 'binance',
        exchangeOptions: { rateLimit: 1, options: { fetchMarkets: { types: ['spot'] } } },
        urls: { rest: { public: `${restUrl}/api/v3` } },
      },
      { logger: silent, signal: new AbortController().signal, generation: 1 },
      steady,
    )
    await connector.getMarketData('BTC/USDT')
    expect(fixture.exchange.requests.slice(seen)).toEqual([
      '/api/v3/exchangeInfo',
      '/api/v3/ticker/24hr?symbol=BTCUSDT',
    ])
  })

  it('says how it is', async () => {
    await using fixture = await openFixture({ retries: 0 })
    const { connector, exchange } = fixture
    expect(await connector.getStatus()).toMatchObject({
      exchange: 'binance',
      state: 'idle',
      markets: 0,
      lastError: null,
    })
    await connector.getMarketData('BTC/USDT')
    expect(await connector.getStatus()).toMatchObject({ state: 'ready', markets: 5 })
    exchange.failRest({ kind: 'status', status: 500 })
    await expect(connector.getMarketData('BTC/USDT')).rejects.toThrow('unavailable')
    expect(await connector.getStatus()).toMatchObject({
      state: 'degraded',
      requests: { failed: 1 },
      lastError: { reason: 'unavailable' },
    })
    await connector[Symbol.asyncDispose]()
    expect(await connector.getStatus()).toMatchObject({ state: 'closed' })
  })
})

describe('bad input', () => {
  const context = { logger: silent, signal: new AbortController().signal, generation: 1 }

  it('names the nearest exchanges', async () => {
    await expect(createExchangeConnector({ exchange: 'binanse' }, context)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'exchange',
      expected: expect.stringContaining('nearest: "binance", "binanceus"') as string,
    })
  })

  it('names the nearest symbols', async () => {
    await using fixture = await openFixture()
    await expect(fixture.connector.getMarketData('BTC/USTD')).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option: 'symbol',
      expected: expect.stringContaining('nearest: "BTC/USDT"') as string,
      received: '"BTC/USTD"',
    })
    await expect(fixture.connector.getOrderBook('')).rejects.toMatchObject({ option: 'symbol' })
  })

  it('names the intervals', async () => {
    await using fixture = await openFixture()
    await expect(fixture.connector.getCandles('BTC/USDT', '7m')).rejects.toMatchObject({
      option: 'interval',
      expected: expect.stringContaining('"1m"') as string,
    })
  })

  it.each([
    ['depth', (c: Awaited<ReturnType<typeof openFixture>>) => c.connector.getOrderBook('BTC/USDT', 0)],
    [
      'query.limit',
      (c: Awaited<ReturnType<typeof openFixture>>) => c.connector.getCandles('BTC/USDT', '1m', { limit: 1e9 }),
    ],
    [
      'query.since',
      (c: Awaited<ReturnType<typeof openFixture>>) => c.connector.getCandles('BTC/USDT', '1m', { since: -1 }),
    ],
  ])('refuses a bad %s without a request', async (option, call) => {
    await using fixture = await openFixture()
    await expect(call(fixture)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
    expect(fixture.exchange.requests).toEqual([])
  })

  it.each([
    [{ exchange: '' }, 'exchange'],
    [{ exchange: 'binance', callTimeout: 0 }, 'callTimeout'],
    [{ exchange: 'binance', retries: 1.5 }, 'retries'],
    [{ exchange: 'binance', urls: { rest: 'ws://127.0.0.1' } }, 'urls.rest'],
    [{ exchange: 'binance', urls: { ws: 'nonsense' } }, 'urls.ws'],
    [{ exchange: 'binance', reqestTimeout: 5 }, 'reqestTimeout'],
  ])('refuses the configuration %j', async (config, option) => {
    await expect(createExchangeConnector(config, context)).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      option,
    })
  })
})
