import { DefaultDeserializer, serialize } from 'node:v8'

/** What a component may offer besides its methods: its state as a value that can be cloned. */
interface Snapshotting {
  snapshot(): unknown
}

/**
 * The component's state, serialized; undefined when it offers no `snapshot()`.
 *
 * @throws what `snapshot()` throws, and DataCloneError when its result cannot be cloned.
 */
export async function takeSnapshot(api: object | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!api || !offersSnapshot(api)) return undefined
  // A copy of its own: what `serialize` returns may be a view of a larger buffer that cannot be moved.
  return new Uint8Array(serialize(await api.snapshot()))
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

export function offersSnapshot(api: object): api is Snapshotting {
  return 'snapshot' in api && typeof api.snapshot === 'function' && api.snapshot.length === 0
}
