/**
 * The state of a market, as an exchange reports it. What it does not report is null. Prices and sizes are for display
 * and signals; they are doubles.
 */
export interface MarketData {
  readonly exchange: string
  /** Unified symbol: 'BTC/USDT'. */
  readonly symbol: string
  /** By the exchange's clock, ms since the epoch. */
  readonly timestamp: number | null
  /** When it arrived here, ms since the epoch. */
  readonly receivedAt: number
  readonly bid: number | null
  readonly bidSize: number | null
  readonly ask: number | null
  readonly askSize: number | null
  readonly last: number | null
  /** Of the last 24 hours, as are high, low, change, percentage, vwap and the volumes. */
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly change: number | null
  /** Percent. */
  readonly percentage: number | null
  readonly vwap: number | null
  readonly baseVolume: number | null
  readonly quoteVolume: number | null
}

/** Price and amount. */
export type OrderBookLevel = readonly [price: number, amount: number]

/** Best prices first on both sides. */
export interface OrderBook {
  readonly exchange: string
  readonly symbol: string
  /** By the exchange's clock, ms since the epoch. */
  readonly timestamp: number | null
  /** The exchange's own sequence number. */
  readonly nonce: number | null
  readonly bids: readonly OrderBookLevel[]
  readonly asks: readonly OrderBookLevel[]
}

export interface CandleQuery {
  /** Start of the first candle, ms since the epoch. Default: the newest `limit` candles. */
  readonly since?: number
  /** Candles, 1 to 100,000; more than the exchange gives at once are fetched page by page. Default 500. */
  readonly limit?: number
}
