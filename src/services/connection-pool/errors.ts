import { registerErrorClass, SpillwayError } from '../../worker.ts'
import type { SpillwayErrorOptions } from '../../worker.ts'

/**
 * What went wrong with a connection.
 * - 'connect': it could not be opened. 'backing-off': its host failed lately and is left alone for now.
 * - 'timeout': no answer in time. 'closed': it is closed, by the other side or by the pool. 'protocol': the other
 *   side breaks the protocol.
 * - 'overflow': more messages came in than were read. 'too-large': a response over the limit.
 * - 'not-held': the id is of no connection that is held; it was released or closed, or the pool was reloaded since.
 * - 'not-installed': the undici package is missing.
 */
export type ConnectionErrorReason =
  | 'connect'
  | 'backing-off'
  | 'timeout'
  | 'closed'
  | 'protocol'
  | 'overflow'
  | 'too-large'
  | 'not-held'
  | 'not-installed'

/** A connection of the pool failed. `cause` is what the network said. */
export class ConnectionError extends SpillwayError {
  readonly code = 'ERR_CONNECTION'
  readonly reason: ConnectionErrorReason
  /** URL or id. */
  readonly target: string
  /** ms after which trying again makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    reason: ConnectionErrorReason,
    target: string,
    message: string,
    options?: SpillwayErrorOptions & { retryAfter?: number | undefined },
  ) {
    super(`Connection ${target}, ${reason}: ${message}`, options)
    this.reason = reason
    this.target = target
    this.retryAfter = options?.retryAfter
  }
}

export const isConnectionError = registerErrorClass('ERR_CONNECTION', ConnectionError)
