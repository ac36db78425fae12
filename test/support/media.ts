import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { Deserializer, Serializer } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import type { ChannelEnd, Channels, FrameReceiver, Movable, Transport } from '../../src/channel/transport.ts'
import { linkChannels } from '../../src/transport/process/ends.ts'
import { ProcessLink } from '../../src/transport/process/link.ts'
import { endOf, portOf, threadChannels } from '../../src/transport/thread.ts'

/** What every connection is tried over: the two ends need not be able to hand anything to each other but bytes. */
export interface Medium {
  readonly channels: Channels
  /** What is posted has arrived at once, and is not still on its way. */
  readonly isImmediate: boolean
  /** The two ends of a new connection. */
  readonly connect: () => readonly [Transport, Transport]
}

export const media: readonly (readonly [name: string, medium: Medium])[] = [
  ['structured clones', mediumOf(threadChannels)],
  ['bytes', mediumOf({ ...threadChannels, join: (end) => new SerializingTransport(threadChannels.join(end)) })],
  ['a link between processes', { channels: linkChannels, isImmediate: false, connect: linked }],
]

function mediumOf(channels: Channels): Medium {
  return {
    channels,
    isImmediate: true,
    connect: () => {
      const [ours, theirs] = channels.pair()
      return [channels.join(ours), channels.join(theirs)]
    },
  }
}

/** A link for each connection, and none beside its control channel; over streams that are like sockets, as test/unit opens none. */
function linked(): readonly [Transport, Transport] {
  const [ours, theirs] = duplexPair()
  return [linkOver(ours).control, linkOver(theirs).control]
}

function linkOver(stream: Duplex): ProcessLink {
  // All that a link asks of a socket.
  return new ProcessLink(Object.assign(stream, { ref: () => stream, unref: () => stream }) as unknown as Socket)
}

class SerializingTransport implements Transport {
  readonly #bytes: Transport
  readonly onClose: Transport['onClose']

  constructor(bytes: Transport) {
    this.#bytes = bytes
    this.onClose = (listener) => bytes.onClose(listener)
  }

  receive(receiver: FrameReceiver): void {
    this.#bytes.receive({
      frame: (bytes) => {
        const read = tryRead(bytes)
        if ('frame' in read) receiver.frame(read.frame)
        else receiver.unreadable(read.cause)
      },
      unreadable: (cause) => receiver.unreadable(cause),
    })
  }

  post(frame: unknown, moved: readonly Movable[] = []): void {
    this.#bytes.post(serialize(frame, moved))
  }

  takeNext(): { readonly frame: unknown } | undefined {
    const item = this.#bytes.takeNext()
    return item && { frame: deserialize(item.frame) }
  }

  close(): void {
    this.#bytes.close()
  }
}

/** Ends that are on their way, by number. */
const leaving = new Map<number, ChannelEnd>()
let ends = 0

/** All that moves is copied, but for the ends of channels, of which only the numbers go. */
class FrameWriter extends Serializer {
  readonly ends = new Map<number, ChannelEnd>()
  readonly #moved: readonly Movable[]

  constructor(moved: readonly Movable[]) {
    super()
    this.#moved = moved
  }

  /** Called by V8. */
  _writeHostObject(object: object): void {
    if (!(object instanceof MessagePort && this.#moved.includes(object))) throw new TypeError('It could not be cloned')
    this.writeUint32(++ends)
    this.ends.set(ends, endOf(object))
  }
}

class FrameReader extends Deserializer {
  /** Called by V8. */
  _readHostObject(): object {
    const number = this.readUint32()
    const end = leaving.get(number)
    leaving.delete(number)
    if (!end) throw new Error(`There is no end ${number}`)
    return portOf(end)
  }
}

function serialize(frame: unknown, moved: readonly Movable[]): Buffer {
  const serializer = new FrameWriter(moved)
  serializer.writeHeader()
  serializer.writeValue(frame)
  for (const [number, end] of serializer.ends) leaving.set(number, end)
  return serializer.releaseBuffer()
}

function deserialize(bytes: unknown): unknown {
  const deserializer = new FrameReader(bytes as Uint8Array)
  deserializer.readHeader()
  return deserializer.readValue()
}

function tryRead(bytes: unknown): { readonly frame: unknown } | { readonly cause: unknown } {
  try {
    return { frame: deserialize(bytes) }
  } catch (cause) {
    return { cause }
  }
}
