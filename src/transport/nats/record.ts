import type { Movable } from '../../channel/transport.ts'
import { encodeFrame } from '../frames/frame-codec.ts'
import { textOf } from '../frames/frame-text.ts'
import { headerBytes, Kind, numberBytes, writeRecordHead } from '../frames/wire.ts'
import { leavingFrame } from './frame-entries.ts'
import type { LinkChannel } from './link-channel.ts'
import type { OutgoingRecord } from './outgoing.ts'
import { refuseToMove } from './peer-channels.ts'

const none: readonly never[] = []

/**
 * @param mostBytes of a frame.
 * @throws TypeError when something in it cannot go to another machine; RangeError when it is larger.
 */
export function recordOfFrame(
  channel: LinkChannel,
  frame: unknown,
  moved: readonly Movable[] = none,
  mostBytes: number,
): OutgoingRecord {
  refuseToMove(moved)
  const leaving = leavingFrame(frame, moved)
  const text = textOf(leaving, true)
  const form = text ?? encoded(channel, leaving, mostBytes)
  const left = typeof form === 'string' ? headerBytes + Buffer.byteLength(form) : form.length
  refuseBeyond(mostBytes, left - headerBytes)
  return { channel, posted: { frame }, left, form, end: 0 }
}

/** What the channel itself has to say. */
export function recordOf(channel: LinkChannel, kind: typeof Kind.open | typeof Kind.close): OutgoingRecord {
  const form = Buffer.allocUnsafe(headerBytes)
  writeRecordHead(form, 0, { kind, ours: channel.ours, channel: channel.number, ends: 0, bodyBytes: 0, buffers: 0 })
  return { channel, posted: undefined, left: headerBytes, form, end: 0 }
}

function encoded(channel: LinkChannel, frame: unknown, mostBytes: number): Buffer {
  const { body, buffers } = encodeFrame(frame, none, 'stay')
  const listed = headerBytes + numberBytes * buffers.length
  const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, listed + body.length)
  refuseBeyond(mostBytes, bytes - listed)
  const record = Buffer.allocUnsafe(bytes)
  let at = writeRecordHead(record, 0, {
    kind: Kind.frame,
    ours: channel.ours,
    channel: channel.number,
    ends: 0,
    bodyBytes: body.length,
    buffers: buffers.length,
  })
  for (const { byteLength } of buffers) at = record.writeUInt32LE(byteLength, at)
  record.set(body, at)
  at += body.length
  // Whoever gave them goes on using them.
  for (const buffer of buffers) {
    record.set(new Uint8Array(buffer), at)
    at += buffer.byteLength
  }
  return record
}

/** @throws RangeError */
export function refuseBeyond(mostBytes: number, bytes: number): void {
  if (bytes > mostBytes)
    throw new RangeError(`${bytes} bytes are more than may go to another machine in one piece: at most ${mostBytes}`)
}
