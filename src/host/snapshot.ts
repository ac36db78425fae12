import { deserialize, serialize } from 'node:v8'

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

/** The state that was taken; the bytes have been checked before they were sent here. */
export function restoreSnapshot(bytes: Uint8Array | undefined): unknown {
  return bytes ? (deserialize(bytes) as unknown) : undefined
}

function offersSnapshot(api: object): api is Snapshotting {
  return 'snapshot' in api && typeof api.snapshot === 'function' && api.snapshot.length === 0
}
