import { DefaultDeserializer, DefaultSerializer } from 'node:v8'
import { visitObjects } from '../channel/clone-guard.ts'
import { isNodesOwn, isPlain, oneOf } from '../transport/frames/portable.ts'
import { isOutOfBounds } from '../transport/frames/views.ts'
import { offersSnapshot } from './offers-snapshot.ts'

/**
 * The component's state, serialized; undefined when it offers no `snapshot()`.
 *
 * @throws what `snapshot()` throws, and DataCloneError or TypeError when its result cannot be kept.
 */
export async function takeSnapshot(api: object | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!api || !offersSnapshot(api)) return undefined
  const state = await api.snapshot()
  assertKeepable(state)
  const serializer = new CheckingSerializer()
  serializer.writeHeader()
  serializer.writeValue(state)
  // A copy of its own: this may be a view of a larger buffer that cannot be moved.
  return new Uint8Array(serializer.releaseBuffer())
}

/** V8 would write objects without anything, or what it cannot read, where Node keeps what they are apart from them; the next generation would not know. */
function assertKeepable(state: unknown): void {
  if (isPlain(state)) return
  visitObjects(state, Number.POSITIVE_INFINITY, (object) => {
    if (object instanceof AbortSignal || object instanceof DOMException || isNodesOwn(object)) {
      throw new TypeError(`${oneOf(object)} cannot be kept`)
    }
    return true
  })
}

/** Node documents `_writeHostObject` as what a subclass overrides, but its types do not name it. */
const NodeSerializer = DefaultSerializer as unknown as new () => DefaultSerializer & {
  _writeHostObject(object: object): void
}

/** Node's own writes an empty array for a view that lies outside of its buffer. */
class CheckingSerializer extends NodeSerializer {
  override _writeHostObject(object: object): void {
    if (ArrayBuffer.isView(object) && isOutOfBounds(object)) {
      throw new TypeError(`${oneOf(object)} that lies outside of its buffer cannot be kept`)
    }
    super._writeHostObject(object)
  }
}

/** The state that was taken; the bytes have been checked before they were sent here, and nothing of it holds on to them. */
export function restoreSnapshot(bytes: Uint8Array<ArrayBuffer>): unknown {
  const deserializer = new CopyingDeserializer(bytes)
  deserializer.readHeader()
  return deserializer.readValue() as unknown
}

/** Node documents `_readHostObject` as what a subclass overrides, but its types do not name it. */
const NodeDeserializer = DefaultDeserializer as unknown as new (
  bytes: Uint8Array,
) => DefaultDeserializer & { _readHostObject(): ArrayBufferView }

/** Node's own gives typed arrays as views of the bytes they are read from: the smallest would hold all of them, and moving one would take all away. */
class CopyingDeserializer extends NodeDeserializer {
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super(bytes)
    this.#bytes = bytes
  }

  override _readHostObject(): ArrayBufferView {
    const view = super._readHostObject()
    return view.buffer === this.#bytes.buffer ? copyOf(view) : view
  }
}

function copyOf(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view
  const copy = buffer.slice(byteOffset, byteOffset + byteLength)
  if (Buffer.isBuffer(view)) return Buffer.from(copy as ArrayBuffer)
  const View = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView
  return new View(copy)
}
