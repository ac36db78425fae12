/**
 * Calls of methods that are said to be idempotent: each is sent again, once, when its worker crashes before it has answered. And those that were not begun
 * where they were sent, which callers of another machine are told. What is needed for that is kept from when the call is made until it is settled, and of
 * no other call.
 */

import type { LossReason } from '../contract/errors.ts'
import type { CallerOptions } from './caller-options.ts'
import type { Outgoing } from './marshal.ts'
import { methodName, spreadApply } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import type { CallOptions } from './pending-call.ts'
import type { Channels } from './transport.ts'
import { unsentCall } from './unsent-call.ts'
import type { KeptCall, LeavingEntry, UnsentCall } from './unsent-call.ts'

/**
 * What is kept of a call that is about to be sent: of callers that may be refused, of each.
 */
export function keptCall(
  { idempotent, onRefused, links: { channels } }: Pick<CallerOptions, 'idempotent' | 'onRefused' | 'links'>,
  entry: LeavingEntry,
  outgoing: Outgoing,
  options: CallOptions,
): KeptCall | undefined {
  const again = copyToResend(idempotent, entry, outgoing, options, channels)
  if (again) return { call: again, keptFor: 'crash' }
  return onRefused ? { call: unsentCall(entry, outgoing, channels), keptFor: 'refusal' } : undefined
}

/**
 * A copy of a call, to be sent again.
 *
 * @param idempotent methods by name, nested ones joined with dots.
 * @returns undefined where it must not be: of another method, made to leave the component unloaded (`ifLoaded`), or with something in it that
 * moves, or is called back: that went with the first.
 */
function copyToResend(
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
export function isCrash(reason: LossReason): boolean {
  return reason !== 'terminated'
}

function isOneOf(names: ReadonlySet<string>, method: MethodPath): boolean {
  if (names.has(methodName(method))) return true
  // `x.call(...)` and `x.apply(...)` are calls of `x`.
  const last = typeof method === 'string' ? undefined : method.at(-1)
  return (last === 'call' || last === 'apply' || last === spreadApply) && names.has(methodName(method.slice(0, -1)))
}
