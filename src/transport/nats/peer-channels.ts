import { MessagePort } from 'node:worker_threads'
import type { ChannelEnd, Channels, FrameReceiver, Movable, Transport } from '../../channel/transport.ts'
import { decodeFrame, encodeFrame } from '../frames/frame-codec.ts'
import { notPortable } from '../frames/portable.ts'

/**
 * For calls that wait to be sent to another machine. Nothing in them can move that far, so the bytes of what is posted to one end are held in memory for
 * the other, which can be joined, and read, any number of times: a call may have to be sent again.
 */
export const peerChannels: Channels = {
  pair: () => {
    const [one, other] = [new HeldEnd(), new HeldEnd()]
    one.other = other
    other.other = one
    return [asEnd(one), asEnd(other)]
  },
  join: (end) => {
    if (end instanceof HeldEnd) return new HeldTransport(end)
    throw new TypeError('It is the end of another kind of channel')
  },
  isEnd: (value): value is ChannelEnd => value instanceof HeldEnd,
}

interface HeldFrame {
  readonly body: Buffer
  readonly buffers: readonly ArrayBuffer[]
}

class HeldEnd {
  readonly held: HeldFrame[] = []
  other: HeldEnd | undefined
}

const none: readonly never[] = []
const copied = (buffer: ArrayBuffer): ArrayBuffer => buffer.slice(0)

/** To everybody else an end is nothing that can be looked into. */
const asEnd = (end: HeldEnd): ChannelEnd => end as unknown as ChannelEnd

class HeldTransport implements Transport {
  readonly #end: HeldEnd
  #next = 0
  readonly #listeners = new Set<() => void>()

  constructor(end: HeldEnd) {
    this.#end = end
  }

  /** What is held is only ever taken. */
  receive(_receiver: FrameReceiver): void {}

  post(frame: unknown, moved: readonly Movable[] = []): void {
    refuseToMove(moved)
    const { body, buffers } = encodeFrame(frame, none, 'stay')
    // Whoever gave them goes on using them.
    this.#end.other?.held.push({ body, buffers: buffers.map(copied) })
  }

  takeNext(): { readonly frame: unknown } | undefined {
    const next = this.#end.held[this.#next++]
    // What is read of a buffer is that buffer, and this may be read again.
    return next && { frame: decodeFrame(next.body, next.buffers.map(copied), noEnd) }
  }

  onClose(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener)
      listener()
    }
  }
}

/** Nobody can move what is not of this machine. */
export function refuseToMove(moved: readonly Movable[]): void {
  for (const each of moved) if (each instanceof MessagePort) throw notPortable(each)
}

export function noEnd(number: number): never {
  throw new Error(`There is no end ${number} in it`)
}
