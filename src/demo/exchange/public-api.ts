import { intervals } from './made-up-market.ts'
import type { MadeUpMarket } from './made-up-market.ts'

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** What Binance's public REST API would answer, were this market its own. `now`: epoch ms. */
export function answerOf(market: MadeUpMarket, { pathname, searchParams }: URL, now: number): ApiAnswer {
  const ok = (body: unknown): ApiAnswer => ({ status: 200, body })
  const symbol = market.symbol(searchParams.get('symbol') ?? '')
  const badSymbol = refusal(-1121, 'Invalid symbol.')
  switch (pathname) {
    case '/api/v3/ping':
      return ok({})
    case '/api/v3/time':
      return ok({ serverTime: now })
    case '/api/v3/exchangeInfo':
      return ok(market.exchangeInfo(now))
    // Futures markets: ccxt's binance asks for them too; this exchange has none.
    case '/fapi/v1/exchangeInfo':
    case '/dapi/v1/exchangeInfo':
      return ok({ timezone: 'UTC', serverTime: now, rateLimits: [], exchangeFilters: [], assets: [], symbols: [] })
    case '/api/v3/ticker/24hr':
      return symbol ? ok(market.ticker(symbol, now)) : badSymbol
    case '/api/v3/depth':
      return symbol
        ? ok(market.depth(symbol, Math.min(Number(searchParams.get('limit') ?? 100), 5_000), now))
        : badSymbol
    case '/api/v3/klines': {
      const interval = searchParams.get('interval') ?? ''
      if (!symbol) return badSymbol
      if (!(interval in intervals)) return refusal(-1120, 'Invalid interval.')
      const from = searchParams.get('startTime')
      const to = searchParams.get('endTime')
      const limit = Math.min(Number(searchParams.get('limit') ?? 500), 1_000)
      return ok(
        market.klines(symbol, interval, {
          ...(from === null ? {} : { from: Number(from) }),
          ...(to === null ? {} : { to: Number(to) }),
          limit,
          now,
        }),
      )
    }
    default:
      return { status: 404, body: { code: -1000, msg: `No such path ${pathname}` } }
  }
}

/** The next message of a stream such as 'btcusdt@ticker'; undefined where there is no such stream. `now`: epoch ms. */
export function eventOf(market: MadeUpMarket, stream: string, now: number): object | undefined {
  const [name = '', channel] = stream.split('@')
  const symbol = market.symbol(name.toUpperCase())
  if (!symbol) return undefined
  if (channel === 'ticker') return market.tickerEvent(symbol, now)
  if (channel === 'miniTicker') return market.miniTickerEvent(symbol, now)
  return undefined
}

const refusal = (code: number, msg: string): ApiAnswer => ({ status: 400, body: { code, msg } })
