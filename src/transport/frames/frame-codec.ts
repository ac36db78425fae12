import { Deserializer, Serializer } from 'node:v8'
import threads, { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../contract/describe-value.ts'
import { decodeError, encodeError } from '../../channel/error-codec.ts'
import type { EncodedError } from '../../channel/protocol.ts'
import type { Movable } from '../../channel/transport.ts'
import { holdsExceptions, notPortable, oneOf } from './portable.ts'
import { withStandIns } from './stand-ins.ts'
import { isOutOfBounds, viewNumber, viewOn } from './views.ts'
import { mostListed } from './wire.ts'

/** What the serializer writes in place of what V8 does not write by itself. */
const Tag = { end: 0, exception: 1, view: 2, tail: 3, bytes: 4 } as const

/** bytes of a buffer from which on it travels beside the frame, and is not copied into and out of it. Guessed; measured, anything from 4 to 64 KiB does as well. */
const largeBytes = 8 * 1024

export interface EncodedFrame {
  readonly body: Buffer
  readonly buffers: readonly ArrayBuffer[]
  /** In the order of their numbers in the body. */
  readonly ports: readonly MessagePort[]
}

const none: readonly never[] = []

/**
 * @param moved the ports in it that move; 'all': every one.
 * @param ports 'stay': none can move that far.
 * @throws TypeError or Error when something in it cannot leave its process; nothing has moved then.
 */
export function encodeFrame(
  frame: unknown,
  moved: readonly Movable[] | 'all' = none,
  ports: 'move' | 'stay' = 'move',
): EncodedFrame {
  const isMoved = (port: MessagePort): boolean => {
    if (ports === 'stay') throw notPortable(port)
    return moved === 'all' || moved.includes(port)
  }
  const { frame: root, exceptions } = holdsExceptions(frame, isMoved)
    ? withStandIns(frame)
    : { frame, exceptions: undefined }
  const writer = new FrameWriter(isMoved, exceptions)
  writer.writeHeader()
  if (moved !== 'all') for (const each of moved) if (each instanceof ArrayBuffer) writer.besideIfLarge(each)
  writer.writeValue(root)
  return { body: writer.releaseBuffer(), buffers: writer.buffers, ports: writer.ports }
}

class FrameWriter extends Serializer {
  readonly buffers: ArrayBuffer[] = []
  readonly ports: MessagePort[] = []
  readonly #isMoved: (port: MessagePort) => boolean
  readonly #exceptions: ReadonlyMap<object, DOMException> | undefined

  constructor(isMoved: (port: MessagePort) => boolean, exceptions: ReadonlyMap<object, DOMException> | undefined) {
    super()
    this.#isMoved = isMoved
    this.#exceptions = exceptions
    ;(this as unknown as ViewsApart)._setTreatArrayBufferViewsAsHostObjects(true)
  }

  /** The buffer's bytes are not written, only its number. */
  besideIfLarge(buffer: ArrayBuffer): void {
    if (buffer.byteLength < largeBytes || buffer.resizable || this.buffers.includes(buffer)) return
    if (this.buffers.length === mostListed) return
    this.transferArrayBuffer(this.buffers.length, buffer)
    this.buffers.push(buffer)
  }

  /** Called by V8. */
  _writeHostObject(object: object): void {
    if (object instanceof MessagePort && this.#isMoved(object)) {
      if (this.ports.length === mostListed) throw new RangeError(`More than ${mostListed} ports cannot go in one piece`)
      this.writeUint32(Tag.end)
      this.writeUint32(this.ports.length)
      this.ports.push(object)
      return
    }
    if (!ArrayBuffer.isView(object)) throw notPortable(object)
    const exception = this.#exceptions?.get(object)
    if (exception) {
      this.writeUint32(Tag.exception)
      this.writeValue(encodeError(exception, ''))
    } else this.#writeView(object)
  }

  #writeView(view: ArrayBufferView): void {
    const { buffer, byteOffset, byteLength } = view
    if (!(buffer instanceof ArrayBuffer)) throw notPortable(buffer)
    if (isOutOfBounds(view)) throw new TypeError(`${oneOf(view)} lies outside of its buffer`)
    const kind = viewNumber(view)
    // Node's pool: what else is in there is nobody's business.
    if (byteLength < buffer.byteLength && threads.isMarkedAsUntransferable(buffer)) {
      this.writeUint32(Tag.bytes)
      this.writeUint32(kind)
      this.writeUint32(byteLength)
      this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength))
      return
    }
    this.besideIfLarge(buffer)
    // One that has no length of its own cannot be told from one that ends where its buffer does.
    const tail = buffer.resizable && byteOffset + byteLength === buffer.byteLength
    this.writeUint32(tail ? Tag.tail : Tag.view)
    this.writeUint32(kind)
    this.writeDouble(byteOffset)
    this.writeDouble(byteLength)
    this.writeValue(buffer)
  }

  /** Called by V8. */
  _getSharedArrayBufferId(buffer: object): number {
    throw notPortable(buffer)
  }

  /** Called by V8. */
  _getDataCloneError(message: string): Error {
    return new TypeError(message)
  }
}

/** Node has it, and its types do not. */
interface ViewsApart {
  _setTreatArrayBufferViewsAsHostObjects(apart: boolean): void
}

/**
 * @param end the port for the end with that number.
 * @throws whatever cannot be read.
 */
export function decodeFrame(
  body: Buffer,
  buffers: readonly ArrayBuffer[],
  end: (number: number) => MessagePort,
): unknown {
  const reader = new FrameReader(body, end)
  for (const [number, buffer] of buffers.entries()) reader.transferArrayBuffer(number, buffer)
  reader.readHeader()
  return reader.readValue()
}

class FrameReader extends Deserializer {
  readonly #end: (number: number) => MessagePort

  constructor(body: Buffer, end: (number: number) => MessagePort) {
    super(body)
    this.#end = end
  }

  /** Called by V8. */
  _readHostObject(): object {
    const tag = this.readUint32()
    switch (tag) {
      case Tag.end:
        return this.#end(this.readUint32())
      case Tag.exception:
        return this.#readException()
      case Tag.view:
      case Tag.tail: {
        const kind = this.readUint32()
        const byteOffset = this.readDouble()
        const byteLength = this.readDouble()
        const buffer: unknown = this.readValue()
        if (!(buffer instanceof ArrayBuffer)) throw new Error('A view is on no buffer')
        return viewOn(kind, buffer, byteOffset, tag === Tag.tail ? undefined : byteLength)
      }
      case Tag.bytes: {
        const kind = this.readUint32()
        const bytes = this.readRawBytes(this.readUint32())
        return viewOn(kind, new Uint8Array(bytes).buffer, 0, bytes.length)
      }
      default:
        throw new Error(`There is nothing with the tag ${tag}`)
    }
  }

  #readException(): object {
    try {
      const decoded = decodeError(this.readValue() as EncodedError)
      if (decoded instanceof DOMException) return decoded
      throw new Error('it is none')
    } catch (cause) {
      throw new Error(`A DOMException cannot be read: ${messageOf(cause)}`, { cause })
    }
  }
}
