/**
 * Calls of methods that are said to be idempotent: each is sent again, once, when its worker crashes before it has answered. What is needed for that
 * is kept from when the call is made until it is settled, and of no other call.
 */

import type { CrashReason } from '../contract/errors.ts'
import type { Outgoing } from './marshal.ts'
import { methodName, spreadApply } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import type { CallOptions } from './pending-call.ts'
import type { Channels } from './transport.ts'
import { unsentCall } from './unsent-call.ts'
import type { LeavingEntry, UnsentCall } from './unsent-call.ts'

/**
 * A copy of a call, to be sent again.
 *
 * @param idempotent methods by name, nested ones joined with dots.
 * @returns undefined where it must not be: of another method, made to leave the component unloaded (`ifLoaded`), or with something in it that
 * moves, or is called back: that went with the first.
 */
export function copyToResend(
  idempotent: ReadonlySet<string> | undefined,
  entry: LeavingEntry,
  outgoing: Outgoing,
  { ifLoaded }: CallOptions,
  channels: Channels,
): UnsentCall | undefined {
  if (!idempotent?.size || ifLoaded || outgoing.transfers.length > 0 || !isOneOf(idempotent, entry[2])) return undefined
  return unsentCall(entry, outgoing, channels)
}

/** An unload, or a shutdown, whose deadline passed was asked for: what it broke off is not begun anew. */
export function isCrash(reason: CrashReason): boolean {
  return reason !== 'terminated'
}

function isOneOf(names: ReadonlySet<string>, method: MethodPath): boolean {
  if (names.has(methodName(method))) return true
  // `x.call(...)` and `x.apply(...)` are calls of `x`.
  const last = typeof method === 'string' ? undefined : method.at(-1)
  return (last === 'call' || last === 'apply' || last === spreadApply) && names.has(methodName(method.slice(0, -1)))
}
