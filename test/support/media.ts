import { Deserializer, Serializer } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import type { ChannelEnd, Channels, FrameReceiver, Movable, Transport } from '../../src/channel/transport.ts'
import { endOf, portOf, threadChannels } from '../../src/transport/thread.ts'

/** What every connection is tried over: the two ends need not be able to hand anything to each other but bytes. */
export const media: readonly (readonly [name: string, channels: Channels])[] = [
  ['structured clones', threadChannels],
  ['bytes', { ...threadChannels, join: (end) => new SerializingTransport(threadChannels.join(end)) }],
]

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
