/** What is traded on a market that nobody trades on. */
export interface MadeUpSymbol {
  /** Binance's market id: 'BTCUSDT'. */
  readonly id: string
  readonly base: string
  readonly quote: string
  /** The price the series moves around. */
  readonly level: number
}

export const madeUpSymbols: readonly MadeUpSymbol[] = [
  { id: 'BTCUSDT', base: 'BTC', quote: 'USDT', level: 60_000 },
  { id: 'ETHUSDT', base: 'ETH', quote: 'USDT', level: 3_000 },
  { id: 'ETHBTC', base: 'ETH', quote: 'BTC', level: 0.05 },
  { id: 'SOLUSDT', base: 'SOL', quote: 'USDT', level: 150 },
  { id: 'XRPUSDT', base: 'XRP', quote: 'USDT', level: 0.5 },
]

export const intervals: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
}

/** A 32-bit hash of a string (FNV-1a). */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

const text = (value: number): string => value.toFixed(8)

/**
 * A seeded, MADE-UP market with Binance's public data shapes. Prices are a pure function of (seed, symbol, time), so any
 * candle can be asked for in any order and two servers with one seed agree.
 */
export class MadeUpMarket {
  readonly seed: number
  readonly #byId = new Map(madeUpSymbols.map((symbol) => [symbol.id, symbol]))

  constructor(seed: number) {
    this.seed = seed
  }

  symbol(id: string): MadeUpSymbol | undefined {
    return this.#byId.get(id)
  }

  price(symbol: MadeUpSymbol, time: number): number {
    const phase = (hash(`${this.seed}:${symbol.id}`) / 2 ** 32) * 2 * Math.PI
    const hours = time / 3_600_000
    const noise = hash(`${this.seed}:${symbol.id}:${Math.floor(time / 1_000)}`) / 2 ** 32 - 0.5
    return symbol.level * (1 + 0.05 * Math.sin(hours / 24 + phase) + 0.01 * Math.sin(hours + phase * 3) + 0.002 * noise)
  }

  exchangeInfo(now: number): object {
    return {
      timezone: 'UTC',
      serverTime: now,
      rateLimits: [
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
        { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61000 },
      ],
      exchangeFilters: [],
      symbols: madeUpSymbols.map((symbol) => ({
        symbol: symbol.id,
        status: 'TRADING',
        baseAsset: symbol.base,
        baseAssetPrecision: 8,
        quoteAsset: symbol.quote,
        quotePrecision: 8,
        quoteAssetPrecision: 8,
        baseCommissionPrecision: 8,
        quoteCommissionPrecision: 8,
        orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'],
        icebergAllowed: true,
        ocoAllowed: true,
        quoteOrderQtyMarketAllowed: true,
        allowTrailingStop: true,
        cancelReplaceAllowed: true,
        isSpotTradingAllowed: true,
        isMarginTradingAllowed: false,
        filters: [
          { filterType: 'PRICE_FILTER', minPrice: '0.00000100', maxPrice: '1000000.00000000', tickSize: '0.00000100' },
          { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
          { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true, avgPriceMins: 5 },
        ],
        permissions: [],
        permissionSets: [['SPOT']],
        defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
        allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
      })),
    }
  }

  /** GET /api/v3/ticker/24hr */
  ticker(symbol: MadeUpSymbol, now: number): Record<string, string | number> {
    const day = this.#day(symbol, now)
    return {
      symbol: symbol.id,
      priceChange: text(day.last - day.open),
      priceChangePercent: ((day.last / day.open - 1) * 100).toFixed(3),
      weightedAvgPrice: text((day.high + day.low) / 2),
      prevClosePrice: text(day.open),
      lastPrice: text(day.last),
      lastQty: '0.01000000',
      bidPrice: text(day.last * 0.9999),
      bidQty: '1.25000000',
      askPrice: text(day.last * 1.0001),
      askQty: '2.50000000',
      openPrice: text(day.open),
      highPrice: text(day.high),
      lowPrice: text(day.low),
      volume: '12345.67800000',
      quoteVolume: text(12345.678 * day.last),
      openTime: now - 86_400_000,
      closeTime: now,
      firstId: 1,
      lastId: 1000,
      count: 1000,
    }
  }

  /** The payload of `<symbol>@ticker` */
  tickerEvent(symbol: MadeUpSymbol, now: number): Readonly<Record<string, string | number | undefined>> {
    const day = this.#day(symbol, now)
    return {
      e: '24hrTicker',
      E: now,
      s: symbol.id,
      p: text(day.last - day.open),
      P: ((day.last / day.open - 1) * 100).toFixed(3),
      w: text((day.high + day.low) / 2),
      x: text(day.open),
      c: text(day.last),
      Q: '0.01000000',
      b: text(day.last * 0.9999),
      B: '1.25000000',
      a: text(day.last * 1.0001),
      A: '2.50000000',
      o: text(day.open),
      h: text(day.high),
      l: text(day.low),
      v: '12345.67800000',
      q: text(12345.678 * day.last),
      O: now - 86_400_000,
      C: now,
      F: 1,
      L: 1000,
      n: 1000,
    }
  }

  /** The payload of `<symbol>@miniTicker`: a part of the other's. */
  miniTickerEvent(symbol: MadeUpSymbol, now: number): object {
    const { E, s, c, o, h, l, v, q } = this.tickerEvent(symbol, now)
    return { e: '24hrMiniTicker', E, s, c, o, h, l, v, q }
  }

  /** GET /api/v3/depth */
  depth(symbol: MadeUpSymbol, limit: number, now: number): object {
    const mid = this.price(symbol, now)
    const side = (sign: 1 | -1): [string, string][] =>
      Array.from({ length: limit }, (_, i) => [text(mid * (1 + sign * 0.0001 * (i + 1))), text(0.5 + i * 0.1)])
    return { lastUpdateId: Math.floor(now), bids: side(-1), asks: side(1) }
  }

  /** GET /api/v3/klines */
  klines(
    symbol: MadeUpSymbol,
    interval: string,
    range: { from?: number; to?: number; limit: number; now: number },
  ): object[] {
    const step = intervals[interval]
    if (step === undefined) throw new RangeError(`no interval ${interval}`)
    const end = Math.min(range.to ?? range.now, range.now)
    const first =
      range.from === undefined
        ? Math.floor(end / step) * step - (range.limit - 1) * step
        : Math.ceil(range.from / step) * step
    const rows: object[] = []
    for (let open = first; open <= end && rows.length < range.limit; open += step)
      rows.push(this.#kline(symbol, open, step))
    return rows
  }

  #kline(symbol: MadeUpSymbol, open: number, step: number): (string | number)[] {
    const points = [0, 0.25, 0.5, 0.75, 1].map((part) => this.price(symbol, open + part * (step - 1)))
    const volume = 1 + (hash(`${this.seed}:${symbol.id}:v:${open}`) % 1000) / 10
    const close = points.at(-1) ?? 0
    return [
      open,
      text(points[0] ?? 0),
      text(Math.max(...points)),
      text(Math.min(...points)),
      text(close),
      text(volume),
      open + step - 1,
      text(volume * close),
      100,
      text(volume / 2),
      text((volume / 2) * close),
      '0',
    ]
  }

  #day(symbol: MadeUpSymbol, now: number): { open: number; high: number; low: number; last: number } {
    const prices = Array.from({ length: 25 }, (_, i) => this.price(symbol, now - 86_400_000 + i * 3_600_000))
    return { open: prices[0] ?? 0, high: Math.max(...prices), low: Math.min(...prices), last: prices.at(-1) ?? 0 }
  }
}
