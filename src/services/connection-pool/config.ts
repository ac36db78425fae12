import { InvalidOptionsError } from '../../worker.ts'
import type { Size } from '../../worker.ts'
import { checkKnown, checkNumbers, checkObject, checkText, count, duration, size } from '../option-checks.ts'
import type { NumberBounds } from '../option-checks.ts'

/** Configuration of the pool; it must survive a structured clone. All times are ms. */
export interface ConnectionPoolConfig {
  /** Open at a time, those being opened included. Default 64. */
  readonly maxConnections?: number
  /** Open at a time to one host and port. Default 8. */
  readonly maxPerHost?: number
  /** Calls that may wait for a connection. Default 256. */
  readonly maxWaiting?: number
  /** To get a connection. Default 10,000. */
  readonly acquireTimeout?: number
  /** For one HTTP request, its body included. Default 30,000. */
  readonly requestTimeout?: number
  /** For a WebSocket's closing handshake. Default 2,000. */
  readonly closeTimeout?: number
  /** Idle connections are closed after this. Default 60,000. */
  readonly idleTimeout?: number
  /**
   * A connection that is held and not used is taken back after this: closed, with a warning. A request under way, an open `read` and each `send`
   * are uses. Infinity: never. Default 600,000 (ten minutes).
   */
  readonly maxHoldTime?: number
  /** A connection that has been idle for longer is checked before it is reused. Default 5,000; 0 checks always. */
  readonly checkAfter?: number
  /** For a check. Default 2,000. */
  readonly checkTimeout?: number
  /** Between pings of a WebSocket that is silent; an unanswered one closes it. Default 30,000. */
  readonly pingInterval?: number
  /** How an idle HTTP connection is checked: not at all beyond being open, or by a HEAD request. Default 'none'. */
  readonly httpCheck?: 'none' | 'head'
  /** Path of that request. Default '/'. */
  readonly httpCheckPath?: string
  /** First time a host that fails is left alone, doubled each time, with jitter. Default 500. */
  readonly backoff?: number
  /** Longest time a host is left alone. Default 30,000. */
  readonly maxBackoff?: number
  /** Messages kept for a reader. Default 1,024. */
  readonly maxBufferedMessages?: number
  /** Bytes kept for a reader. Default 16 MiB. */
  readonly maxBufferedBytes?: Size
  /** Bytes that may wait in a WebSocket to be sent; more, and `send` waits. Default 1 MiB. */
  readonly maxUnsentBytes?: Size
  /** Bytes of an HTTP response's body. Default 10 MiB. */
  readonly maxResponseSize?: Size
  /** Requests under way or waiting on one HTTP connection. Default 256. */
  readonly maxRequests?: number
  readonly tls?: TlsOptions
}

/** For https: and wss:; as Node's tls.connect takes them. */
export interface TlsOptions {
  readonly ca?: string | readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly rejectUnauthorized?: boolean
}

/** Sizes in bytes. */
export type ResolvedPoolConfig = Required<ConnectionPoolConfig> & Readonly<Record<keyof typeof DEFAULTS, number>>

const DEFAULTS = {
  maxConnections: 64,
  maxPerHost: 8,
  maxWaiting: 256,
  acquireTimeout: 10_000,
  requestTimeout: 30_000,
  closeTimeout: 2_000,
  idleTimeout: 60_000,
  maxHoldTime: 600_000,
  checkAfter: 5_000,
  checkTimeout: 2_000,
  pingInterval: 30_000,
  backoff: 500,
  maxBackoff: 30_000,
  maxBufferedMessages: 1_024,
  maxBufferedBytes: 16 * 1024 ** 2,
  maxUnsentBytes: 1024 ** 2,
  maxResponseSize: 10 * 1024 ** 2,
  maxRequests: 256,
} as const satisfies Partial<ConnectionPoolConfig>

const BOUNDS: Partial<Record<keyof typeof DEFAULTS, NumberBounds>> = {
  maxConnections: count,
  maxPerHost: count,
  maxWaiting: { min: 0, whole: true },
  maxHoldTime: { min: 1, max: Number.POSITIVE_INFINITY },
  checkAfter: { ...duration, min: 0 },
  maxBufferedMessages: count,
  maxBufferedBytes: size,
  maxUnsentBytes: size,
  maxResponseSize: size,
  maxRequests: count,
}

export const poolOptions: readonly string[] = [...Object.keys(DEFAULTS), 'httpCheck', 'httpCheckPath', 'tls']

/** @throws InvalidOptionsError */
export function parsePoolConfig(config: ConnectionPoolConfig = {}): ResolvedPoolConfig {
  checkObject('config', config)
  checkKnown(config, poolOptions)
  const { httpCheck = 'none', httpCheckPath = '/', tls = {} } = config
  if (httpCheck !== 'none' && httpCheck !== 'head')
    throw new InvalidOptionsError('httpCheck', '"none" or "head"', httpCheck)
  if (!checkText('httpCheckPath', httpCheckPath).startsWith('/')) {
    throw new InvalidOptionsError('httpCheckPath', 'a path that starts with "/"', httpCheckPath)
  }
  checkKnown(checkObject('tls', tls), ['ca', 'cert', 'key', 'rejectUnauthorized'], 'tls.')
  return { httpCheck, httpCheckPath, tls, ...checkNumbers(config, DEFAULTS, BOUNDS) }
}
