import { queueMicrotask } from '../base/timers.ts'
import type { Movable } from '../channel/transport.ts'
import { decodeFrame, encodeFrame } from '../transport/frames/frame-codec.ts'
import { textOf } from '../transport/frames/frame-text.ts'
import { leavingFrame } from '../transport/nats/frame-entries.ts'
import { LinkChannel } from '../transport/nats/link-channel.ts'
import type { PeerWire } from '../transport/nats/link-channel.ts'
import { noEnd, refuseToMove } from '../transport/nats/peer-channels.ts'
import type { PeerChannel, PeerId } from '../transport/nats/peer.ts'
import { refuseBeyond } from '../transport/nats/record.ts'

/**
 * A channel from this host to itself: what could not go to another machine cannot go this way either, so that it matters to nobody where a component is.
 *
 * @param mostBytes of a frame.
 */
export function localChannel(self: PeerId, mostBytes: number): readonly [PeerChannel, PeerChannel] {
  const wire: PeerWire = {
    peer: self,
    backlog: 0,
    watched: () => {},
    post: (channel, frame, moved) => {
      if (channel.state !== 'open') return
      const copied = copyOf(frame, moved === 'all' ? [] : (moved ?? []), mostBytes)
      queueMicrotask(() => otherOf(channel).arrive({ frame: copied, ends: [] }))
    },
    postLoss: (channel, cause) => queueMicrotask(() => otherOf(channel).arrive({ cause })),
    close: (channel) => queueMicrotask(() => otherOf(channel).closedThere()),
    whenLeaving: queueMicrotask,
    discard: () => {},
  }
  const ends = [new LinkChannel(wire, true, 0), new LinkChannel(wire, false, 0)] as const
  const otherOf = (channel: object): LinkChannel => (channel === ends[0] ? ends[1] : ends[0])
  return ends
}

function copyOf(frame: unknown, moved: readonly Movable[], mostBytes: number): unknown {
  refuseToMove(moved)
  const leaving = leavingFrame(frame, moved)
  const text = textOf(leaving, true)
  if (text !== undefined) {
    refuseBeyond(mostBytes, Buffer.byteLength(text))
    return JSON.parse(text)
  }
  const { body, buffers } = encodeFrame(leaving, [], 'stay')
  refuseBeyond(
    mostBytes,
    buffers.reduce((sum, { byteLength }) => sum + byteLength, body.length),
  )
  return decodeFrame(
    body,
    // Whoever gave them goes on using them.
    buffers.map((buffer) => buffer.slice(0)),
    noEnd,
  )
}
