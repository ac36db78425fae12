import { ToServer } from '../../channel/protocol.ts'
import type { CallEntry } from '../../channel/protocol.ts'
import type { ChannelEnd, Movable } from '../../channel/transport.ts'
import { unseal } from '../../channel/unsent-call.ts'
import { peerChannels } from './peer-channels.ts'

/** Where a call's deadline is. */
const deadlineAt = 4
/** What follows in a call is the fence that its owner puts there: that is nobody else's to say. */
const callLength = 8

/**
 * A frame as it goes to another machine: what was sealed is opened, and goes as the call that it is.
 *
 * @throws TypeError when one of the ends that move with it is not of a sealed call.
 */
export function leavingFrame(frame: unknown, moved: readonly Movable[]): unknown {
  if (!Array.isArray(frame)) return frame
  let leaving: unknown[] | undefined
  const opened: unknown[] = []
  for (let i = 0; i < frame.length; i++) {
    const entry: unknown = frame[i]
    if (!Array.isArray(entry)) continue
    if (entry[0] === ToServer.sealed && peerChannels.isEnd(entry[2])) {
      opened.push(entry[2])
      leaving ??= [...frame]
      leaving[i] = openedCall(entry[2], entry[3])
    } else if (entry[0] === ToServer.call && entry.length > callLength) {
      leaving ??= [...frame]
      leaving[i] = entry.slice(0, callLength)
    }
  }
  for (const each of moved) {
    if (peerChannels.isEnd(each) && !opened.includes(each))
      throw new TypeError('A callback, or another channel, cannot go to another machine')
  }
  return leaving ?? frame
}

function openedCall(end: ChannelEnd, deadline: unknown): unknown {
  const call = unseal(end, peerChannels) as [...CallEntry]
  call[deadlineAt] = deadline as number
  return call.slice(0, callLength)
}

/** Makes of the deadlines in a frame that has come, which are of its sender's clock, such of this machine's. */
export function arrivedFrame(frame: unknown, ahead: number): void {
  if (!Array.isArray(frame)) return
  for (const entry of frame as readonly unknown[]) {
    if (!Array.isArray(entry) || entry[0] !== ToServer.call || entry.length <= deadlineAt) continue
    const deadline: unknown = entry[deadlineAt]
    if (typeof deadline === 'number' && deadline !== 0) entry[deadlineAt] = deadline + ahead
    if (entry.length > callLength) entry.length = callLength
  }
}
