import type { Candle } from '../historical-data/candles.ts'
import type { ConnectorErrorReason } from './errors.ts'
import type { FeedState } from './feed-state.ts'
import type { CandleQuery, MarketData, OrderBook } from './market-data.ts'

/**
 * Called for each update. It may be asynchronous: while it runs, newer updates replace each other and only the newest
 * is delivered next.
 */
export type MarketDataCallback = (update: MarketData) => void | Promise<void>

/** Why a subscription ended: no `error` means it was unsubscribed or the connector was unloaded. */
export interface SubscriptionEnd {
  readonly id: string
  readonly symbol: string
  readonly error?: { readonly code: string; readonly message: string }
}

export type SubscriptionEndCallback = (end: SubscriptionEnd) => void | Promise<void>

/** A stream of updates; `return()`, or leaving the `for await`, ends it at once. */
export type MarketDataStream = AsyncIterableIterator<MarketData, void, undefined> & AsyncDisposable

/**
 * A connection to one exchange. Symbols may be given as 'BTC/USDT', 'BTC-USDT' or the exchange's own id. Every method
 * ends in time: with a result, or with one of these errors.
 *
 * @throws InvalidOptionsError for a bad argument; of an unknown symbol or interval it names the nearest.
 * ConnectorError for everything that went wrong with the exchange.
 */
export interface ExchangeConnector {
  getMarketData(symbol: string): Promise<MarketData>
  /** @param depth levels per side; default: what the exchange gives. */
  getOrderBook(symbol: string, depth?: number): Promise<OrderBook>
  /** Oldest first, without repeats; ends early where the exchange has no more. */
  getCandles(symbol: string, interval: string, query?: CandleQuery): Promise<Candle[]>
  /**
   * A stream of updates. A reader that falls behind gets the newest ones: at most `bufferSize` wait for it, and a
   * newer one pushes the oldest out. The stream ends with ConnectorError when the exchange could not be reached for
   * `reconnectTimeout`.
   */
  subscribeMarketData(symbol: string): MarketDataStream
  /**
   * Calls back for each update, until unsubscribed; gives the subscription's id. A callback whose owner is gone,
   * which does not return within `callbackTimeout`, or which throws five times in a row is dropped.
   */
  subscribeMarketData(symbol: string, callback: MarketDataCallback, onEnd?: SubscriptionEndCallback): Promise<string>
  /** Ends one subscription by its id, or all of a symbol; gives how many were ended. */
  unsubscribe(symbolOrId: string): Promise<number>
  getStatus(): Promise<ConnectorStatus> | ConnectorStatus
}

export interface SubscriptionStatus {
  readonly id: string
  readonly symbol: string
  readonly kind: 'stream' | 'callback'
  /** Updates handed to the subscriber. */
  readonly delivered: number
  /** Updates that a newer one replaced before the subscriber took them. */
  readonly conflated: number
}

export interface FeedStatus {
  readonly symbol: string
  readonly state: FeedState['kind']
  readonly subscribers: number
  /** ms since the epoch. */
  readonly lastUpdateAt: number | null
  /** Times it broke off since it was opened. */
  readonly failures: number
  readonly lastError: string | null
}

export interface ConnectorStatus {
  readonly exchange: string
  /**
   * 'idle': nothing asked of it yet. 'ready': its last request or feed went well. 'rate-limited': waiting as the
   * exchange demanded. 'degraded': the last request failed or a feed is down. 'closed': unloading.
   */
  readonly state: 'idle' | 'ready' | 'rate-limited' | 'degraded' | 'closed'
  /** Markets known; 0 before the first request. */
  readonly markets: number
  readonly requests: { readonly succeeded: number; readonly failed: number; readonly retried: number }
  /** ms since the epoch, or null. */
  readonly rateLimitedUntil: number | null
  /** Sockets to the exchange. */
  readonly sockets: number
  readonly feeds: readonly FeedStatus[]
  readonly subscriptions: readonly SubscriptionStatus[]
  readonly lastError: { readonly reason: ConnectorErrorReason; readonly message: string; readonly at: number } | null
}
