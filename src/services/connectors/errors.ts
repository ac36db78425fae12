import { registerErrorClass, SpillwayError } from '../../worker.ts'
import type { SpillwayErrorOptions } from '../../worker.ts'

/**
 * What went wrong between a connector and its exchange.
 * - 'network': no connection, or it broke. 'timeout': no answer in time. 'unavailable': the exchange answered that it
 *   cannot (5xx).
 * - 'rate-limited': too many requests (429, 418). 'bad-response': an answer that makes no sense.
 * - 'too-large': an answer, or a message on a socket, over `maxResponseSize`.
 * - 'authentication', 'not-supported', 'rejected' (any other refusal): trying again would not help.
 * - 'closed': the connector was unloaded. 'not-installed': the ccxt package is missing.
 */
export type ConnectorErrorReason =
  | 'network'
  | 'timeout'
  | 'unavailable'
  | 'rate-limited'
  | 'bad-response'
  | 'too-large'
  | 'authentication'
  | 'not-supported'
  | 'rejected'
  | 'closed'
  | 'not-installed'

export interface ConnectorErrorDetails {
  exchange: string
  /** The method or stream it happened in. */
  operation: string
  reason: ConnectorErrorReason
  /** Attempts made; 0 when none was. */
  attempts?: number
  /** ms after which trying again makes sense, as the exchange said. */
  retryAfter?: number | undefined
}

/**
 * A request or stream of an exchange connector failed for good; retries have been made where they made sense. `cause`
 * is the last failure.
 */
export class ConnectorError extends SpillwayError {
  readonly code = 'ERR_CONNECTOR'
  readonly exchange: string
  readonly operation: string
  readonly reason: ConnectorErrorReason
  readonly attempts: number
  readonly retryAfter: number | undefined

  constructor(details: ConnectorErrorDetails, message: string, options?: SpillwayErrorOptions) {
    const { exchange, operation, reason, attempts = 0, retryAfter } = details
    const tried = attempts > 1 ? ` (${attempts} attempts)` : ''
    super(`${exchange}: ${operation} failed, ${reason}${tried}: ${message}`, options)
    this.exchange = exchange
    this.operation = operation
    this.reason = reason
    this.attempts = attempts
    this.retryAfter = retryAfter
  }
}

export const isConnectorError = registerErrorClass('ERR_CONNECTOR', ConnectorError)
