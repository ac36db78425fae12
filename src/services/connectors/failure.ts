import { messageOf } from '../thrown.ts'
import { MalformedResponse } from './ccxt-exchange.ts'
import type { ConnectorErrorReason } from './errors.ts'
import { ResponseTooLarge } from './response-body.ts'

/** A failure, as the policies see it. */
export interface Failure {
  readonly reason: ConnectorErrorReason
  /** Whether the same request may succeed later. */
  readonly transient: boolean
  readonly message: string
}

/**
 * By the names of ccxt's error classes, most derived first: an `instanceof` would need ccxt, and fail on a second
 * copy of it.
 */
const byClass: Readonly<Record<string, Omit<Failure, 'message'>>> = {
  RateLimitExceeded: { reason: 'rate-limited', transient: true },
  DDoSProtection: { reason: 'rate-limited', transient: true },
  ExchangeNotAvailable: { reason: 'unavailable', transient: true },
  RequestTimeout: { reason: 'timeout', transient: true },
  NetworkError: { reason: 'network', transient: true },
  BadResponse: { reason: 'bad-response', transient: true },
  OperationFailed: { reason: 'unavailable', transient: true },
  // Of a socket: it was closed under a feed that still wants it, so the feed opens it again.
  ExchangeClosedByUser: { reason: 'network', transient: true },
  UnsubscribeError: { reason: 'network', transient: true },
  AuthenticationError: { reason: 'authentication', transient: false },
  NotSupported: { reason: 'not-supported', transient: false },
  ExchangeError: { reason: 'rejected', transient: false },
  BaseError: { reason: 'rejected', transient: false },
}

/** What a failure of ccxt, of the network or of a parser means. */
export function classifyFailure(error: unknown): Failure {
  const message = messageOf(error)
  if (error instanceof MalformedResponse) return { reason: 'bad-response', transient: true, message }
  // Of a socket's error ccxt keeps the message, which is the one of the package "ws".
  if (error instanceof ResponseTooLarge || /max payload size exceeded/i.test(message)) {
    return { reason: 'too-large', transient: false, message }
  }
  for (let prototype: unknown = error; isObject(prototype); prototype = Object.getPrototypeOf(prototype)) {
    const known = byClass[(prototype.constructor as { name?: string } | undefined)?.name ?? '']
    if (known) return { ...known, message }
  }
  // What ccxt's parsers throw on an answer of another shape than they expect.
  return { reason: 'bad-response', transient: true, message }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
