import { InvalidOptionsError } from '../../worker.ts'
import type { Size } from '../../worker.ts'
import { checkKnown, checkNumbers, checkObject, checkText, count, duration, size } from '../option-checks.ts'
import type { NumberBounds } from '../option-checks.ts'
import { nearestNames, quoted } from './nearest-names.ts'

/** Configuration of one connector; it must survive a structured clone. All times are ms. */
export interface ConnectorConfig {
  /** The id ccxt knows the exchange by: 'binance'. */
  readonly exchange: string
  /** Given to the constructor of ccxt's exchange: keys, `options`, proxies. */
  readonly exchangeOptions?: Readonly<Record<string, unknown>>
  /**
   * Other places to connect to. A string replaces scheme, host and port of every REST or WebSocket address of the
   * exchange, with its path kept; an object is merged into ccxt's `urls.api` (`rest`) or `urls.api.ws` (`ws`).
   */
  readonly urls?: { readonly rest?: UrlOverride; readonly ws?: UrlOverride }
  /** For one HTTP request, its body included. Default 10,000. */
  readonly requestTimeout?: number
  /** For one call, its waits and retries included. Default 30,000. */
  readonly callTimeout?: number
  /**
   * Bytes of an answer, decompressed, and of a message on a socket. Default 32 MiB: the lists of markets of large exchanges are some 10 MB. Of
   * answers that come through a proxy, or a fetch implementation, of `exchangeOptions` it is told only when they have been read.
   */
  readonly maxResponseSize?: Size
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
  /**
   * Between pings on a socket; two unanswered ones end it. An exchange that wants them sooner gets them sooner.
   * Default 30,000.
   */
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

/** Sizes in bytes. */
export type ResolvedConnectorConfig = Required<ConnectorConfig> & Readonly<Record<keyof typeof DEFAULTS, number>>

const DEFAULTS = {
  requestTimeout: 10_000,
  callTimeout: 30_000,
  maxResponseSize: 32 * 1024 ** 2,
  retries: 4,
  retryDelay: 250,
  maxRetryDelay: 10_000,
  reconnectDelay: 500,
  maxReconnectDelay: 30_000,
  reconnectTimeout: 120_000,
  connectTimeout: 10_000,
  heartbeatInterval: 30_000,
  streamIdleTimeout: 60_000,
  pollInterval: 2_000,
  bufferSize: 1,
  callbackTimeout: 10_000,
  closeTimeout: 3_000,
  maxSubscriptions: 1_000,
  marketsMaxAge: 300_000,
} as const satisfies Partial<ConnectorConfig>

const BOUNDS: Partial<Record<keyof typeof DEFAULTS, NumberBounds>> = {
  maxResponseSize: size,
  retries: { min: 0, max: 100, whole: true },
  bufferSize: { ...count, max: 1_000_000 },
  maxSubscriptions: count,
  marketsMaxAge: { ...duration, min: 0 },
}

const OPTIONS: readonly string[] = ['exchange', 'exchangeOptions', 'urls', ...Object.keys(DEFAULTS)]

/** @throws InvalidOptionsError naming the option; of one that does not exist, the nearest that do. */
export function parseConnectorConfig(config: ConnectorConfig): ResolvedConnectorConfig {
  checkObject('config', config)
  for (const [key, value] of Object.entries(config)) {
    if (!OPTIONS.includes(key)) {
      throw new InvalidOptionsError(key, `one of the options, as ${quoted(nearestNames(key, OPTIONS, 3))}`, value)
    }
  }
  const urls = checkObject('urls', config.urls ?? {})
  checkKnown(urls, ['rest', 'ws'], 'urls.')
  return {
    exchange: checkText('exchange', config.exchange),
    exchangeOptions: checkObject('exchangeOptions', config.exchangeOptions ?? {}),
    urls: {
      ...(urls.rest === undefined ? {} : { rest: parseOverride('urls.rest', urls.rest, 'http') }),
      ...(urls.ws === undefined ? {} : { ws: parseOverride('urls.ws', urls.ws, 'ws') }),
    },
    ...checkNumbers(config, DEFAULTS, BOUNDS),
  }
}

function parseOverride(option: string, value: UrlOverride, scheme: 'http' | 'ws'): UrlOverride {
  if (typeof value !== 'string') return checkObject(option, value)
  if (!new RegExp(`^${scheme}s?://`).test(value) || !URL.canParse(value)) {
    throw new InvalidOptionsError(
      option,
      `a URL that starts with ${scheme}:// or ${scheme}s://, or an object of URLs`,
      value,
    )
  }
  return value.replace(/\/+$/, '')
}
