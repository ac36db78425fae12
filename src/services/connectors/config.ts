import { InvalidOptionsError } from '../../errors.ts'
import { expectInteger, expectNumber, expectRecord, expectString } from '../../options.ts'
import type { Bounds } from '../../options.ts'
import { nearestNames, quoted } from './nearest-names.ts'

/** Configuration of one connector; it must survive a structured clone. All times are ms. */
export interface ConnectorConfig {
  /** The id ccxt knows the exchange by: 'binance'. */
  readonly exchange: string
  /** Given to the constructor of ccxt's exchange: keys, `options`, proxies. */
  readonly exchangeOptions?: Readonly<Record<string, unknown>>
  /**
   * Other places to connect to. A string replaces scheme, host and port of every REST or WebSocket address of the exchange, with its path kept; an object is merged into ccxt's
   * `urls.api` (`rest`) or `urls.api.ws` (`ws`).
   */
  readonly urls?: { readonly rest?: UrlOverride; readonly ws?: UrlOverride }
  /** For one HTTP request, its body included. Default 10,000. */
  readonly requestTimeout?: number
  /** For one call, its waits and retries included. Default 30,000. */
  readonly callTimeout?: number
  /** After a failure that may pass. Default 4. */
  readonly retries?: number
  /** First delay between attempts, doubled each time, with jitter. Default 250. */
  readonly retryDelay?: number
  /** Longest delay between attempts. Default 10,000. */
  readonly maxRetryDelay?: number
  /** First delay before a stream reconnects, doubled each time, with jitter. Default 500. */
  readonly reconnectDelay?: number
  /** Longest delay before a stream reconnects. Default 30,000. */
  readonly maxReconnectDelay?: number
  /** How long a stream may be down before it ends with an error. Default 120,000. */
  readonly reconnectTimeout?: number
  /** To open a socket. Default 10,000. */
  readonly connectTimeout?: number
  /** Between pings on a socket; two unanswered ones end it. An exchange that wants them sooner gets them sooner. Default 30,000. */
  readonly heartbeatInterval?: number
  /** A socket that carried nothing for this long is opened again. Default 60,000. */
  readonly streamIdleTimeout?: number
  /** Between requests for a stream of an exchange that ccxt cannot stream from. Default 2,000. */
  readonly pollInterval?: number
  /** Updates that wait for a slow reader of a stream; the newest are kept. Default 1. */
  readonly bufferSize?: number
  /** For a callback to return. Default 10,000. */
  readonly callbackTimeout?: number
  /** For the exchange to acknowledge the end of a subscription, and for sockets to close. Default 3,000. */
  readonly closeTimeout?: number
  /** Subscriptions at a time. Default 1,000. */
  readonly maxSubscriptions?: number
  /** Age at which the list of markets is fetched again when a symbol is not in it. Default 300,000. */
  readonly marketsMaxAge?: number
}

export type UrlOverride = string | Readonly<Record<string, unknown>>

export type ResolvedConnectorConfig = Required<ConnectorConfig>

const ms: Bounds = { min: 1, max: 2 ** 31 - 1 }

const numbers: Readonly<Record<string, { default: number; bounds: Bounds }>> = {
  requestTimeout: { default: 10_000, bounds: ms },
  callTimeout: { default: 30_000, bounds: ms },
  retries: { default: 4, bounds: { min: 0, max: 100 } },
  retryDelay: { default: 250, bounds: ms },
  maxRetryDelay: { default: 10_000, bounds: ms },
  reconnectDelay: { default: 500, bounds: ms },
  maxReconnectDelay: { default: 30_000, bounds: ms },
  reconnectTimeout: { default: 120_000, bounds: ms },
  connectTimeout: { default: 10_000, bounds: ms },
  heartbeatInterval: { default: 30_000, bounds: ms },
  streamIdleTimeout: { default: 60_000, bounds: ms },
  pollInterval: { default: 2_000, bounds: ms },
  bufferSize: { default: 1, bounds: { min: 1, max: 1_000_000 } },
  callbackTimeout: { default: 10_000, bounds: ms },
  closeTimeout: { default: 3_000, bounds: ms },
  maxSubscriptions: { default: 1_000, bounds: { min: 1 } },
  marketsMaxAge: { default: 300_000, bounds: { min: 0 } },
}
