import { closeMoved } from './close-moved.ts'
import type { Outgoing } from './marshal.ts'
import type { Outbox } from './outbox.ts'
import { apart, ToServer } from './protocol.ts'
import type { CallEntry, ServerEntry } from './protocol.ts'
import type { ChannelEnd, Channels } from './transport.ts'

/** A call that is not posted yet: its deadline can still be set. */
export type LeavingEntry = { -readonly [K in keyof CallEntry]: CallEntry[K] }

/**
 * A call that waits for a connection. What its arguments say when it is made is what travels, and what moves leaves its caller's hands then. It
 * moves once only: a stream that moved a second time would be pumped through this thread for ever. So the call is sealed, that is posted
 * to a channel of its own, and the other end of that is what is sent.
 */
export type UnsentCall =
  | { readonly form: 'plain'; readonly entry: LeavingEntry }
  | {
      readonly form: 'sealed'
      readonly id: number
      readonly end: ChannelEnd
      readonly channels: Channels
      deadline: number
    }

/** A copy of a call, to be sent again; 'crash': also when it may have run. */
export interface KeptCall {
  readonly call: UnsentCall
  readonly keptFor: 'crash' | 'refusal'
}

/** @throws DataCloneError when the arguments cannot be cloned or moved. */
export function unsentCall(entry: LeavingEntry, { plain, transfers }: Outgoing, channels: Channels): UnsentCall {
  if (plain) return { form: 'plain', entry }
  const [ours, end] = channels.pair()
  const transport = channels.join(ours)
  try {
    transport.post(entry, transfers)
  } catch (error) {
    transport.close()
    throw error
  }
  return { form: 'sealed', id: entry[1], end, channels, deadline: entry[4] }
}

/** @param deadline as in a CallEntry; the call had none when it was made. */
export function setDeadline(call: UnsentCall, deadline: number): void {
  if (call.form === 'plain') call.entry[4] = deadline
  else call.deadline = deadline
}

export function sendUnsent(call: UnsentCall, outbox: Outbox<ServerEntry>): void {
  if (call.form === 'plain') outbox.push(call.entry)
  else outbox.post([ToServer.sealed, call.id, call.end, call.deadline], [call.end], [apart, call.id], [call.end])
}

/** It will not be sent: what moved with it is nobody's. */
export function discardUnsent(call: UnsentCall): void {
  if (call.form === 'plain') return
  try {
    closeMoved(unseal(call.end, call.channels))
  } catch {
    // What cannot be read goes with its channel.
  }
}

/** It will not be sent, and nothing moved with it. */
export function discardCopy(call: UnsentCall): void {
  if (call.form === 'sealed') call.channels.join(call.end).close()
}

/**
 * The entry that was posted to a channel before its other end was sent.
 *
 * @throws what reading it throws: this thread's stack may be too small for it.
 */
export function unseal(end: ChannelEnd, channels: Channels): unknown {
  const transport = channels.join(end)
  try {
    return transport.takeNext()?.frame
  } finally {
    transport.close()
  }
}
