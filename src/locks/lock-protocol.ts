import { messageOf } from '../contract/describe-value.ts'
import { isInstance } from '../contract/is-instance.ts'
import {
  CoordinatorShutdownError,
  InvalidOptionsError,
  isCoordinatorShutdownError,
  isInvalidOptionsError,
  isLockTimeoutError,
  isStaleLockError,
  LockTimeoutError,
  StaleLockError,
} from '../contract/errors.ts'
import type { LinkedCall } from './call-links.ts'
import type { LockMode } from '../contract/locks.ts'

/*
 * The messages between a component and the locks of the coordinator: plain data, over any channel that keeps their order.
 * `id` is the client's; a lease goes by the id of the acquire that got it.
 */

export type LockClientMessage =
  | {
      readonly op: 'acquire'
      readonly id: number
      readonly name: string
      readonly mode: LockMode
      /** ms; Infinity for none. */
      readonly timeout: number
      readonly session: string | undefined
      /** What it seems to be part of, where it has no session. */
      readonly task?: string | undefined
      /** The call on whose behalf it is made, where its caller waits under a lock. */
      readonly serves?: string | undefined
      /** The session has been seen not to be sequential. */
      readonly parallel?: boolean | undefined
    }
  /** Gives up a wait; where the grant is on its way already, gives it back. */
  | { readonly op: 'cancel'; readonly id: number }
  | { readonly op: 'release'; readonly id: number }
  /** The call that was the session is over, and has not released all it has. */
  | { readonly op: 'end-session'; readonly session: string }
  /** Calls of components that are made under locks: see CallLinks. */
  | { readonly op: 'called'; readonly call: LinkedCall }
  | { readonly op: 'call-sent'; readonly call: string }
  | { readonly op: 'call-over'; readonly call: string }
  | { readonly op: 'verify'; readonly id: number; readonly name: string; readonly token: number }

export type LockServerMessage =
  | { readonly op: 'granted'; readonly id: number; readonly token: number }
  | { readonly op: 'verified'; readonly id: number }
  | { readonly op: 'rejected'; readonly id: number; readonly error: WireError }
  /** The lease of that id was taken away. */
  | { readonly op: 'revoked'; readonly id: number }

/** An error as plain data. */
export type WireError = { readonly message: string } & (
  | {
      readonly kind: 'timeout'
      readonly lock: string
      readonly timeout: number
      readonly cycle: readonly string[] | undefined
      readonly suspectedCycle: readonly string[] | undefined
    }
  | { readonly kind: 'stale'; readonly lock: string; readonly token: number }
  | { readonly kind: 'invalid'; readonly option: string; readonly expected: string; readonly received: string }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'other'; readonly name: string }
)

export function encodeLockError(error: unknown): WireError {
  const message = messageOf(error)
  if (isLockTimeoutError(error)) {
    const { lock = '', timeout = 0, cycle, suspectedCycle } = error
    return { kind: 'timeout', message, lock, timeout, cycle, suspectedCycle }
  }
  if (isStaleLockError(error)) return { kind: 'stale', message, lock: error.lock ?? '', token: error.token ?? 0 }
  if (isInvalidOptionsError(error)) {
    const { option = '', expected = '', received = '' } = error
    return { kind: 'invalid', message, option, expected, received }
  }
  if (isCoordinatorShutdownError(error)) return { kind: 'shutdown', message }
  return { kind: 'other', message, name: isInstance(error, Error) ? error.name : 'Error' }
}

export function decodeLockError(wire: WireError): Error {
  const error = revive(wire)
  // The message of the other side says more than the fields do: who holds the lock, say.
  error.message = wire.message
  return error
}

function revive(wire: WireError): Error {
  switch (wire.kind) {
    case 'timeout':
      return new LockTimeoutError(wire.lock, wire.timeout, wire)
    case 'stale':
      return new StaleLockError(wire.lock, wire.token)
    case 'invalid':
      return new InvalidOptionsError(wire.option, wire.expected, wire.received)
    case 'shutdown':
      return new CoordinatorShutdownError()
    default:
      return Object.assign(new Error(), { name: wire.name })
  }
}
