import { releaseProxy } from 'comlink'
import type { Transport } from './transport.ts'

/** The remotes of stock comlink's that were made here, by us, for callbacks of a peer; comlink itself does not notice when a peer dies. */
const ends = new WeakMap<object, Pick<Transport, 'onClose'>>()

export function comlinkRemoteAt(remote: object, end: Pick<Transport, 'onClose'>): void {
  ends.set(remote, end)
}

/** Calls back once when the peer that serves `remote` is gone. Returns what takes that back. Nothing, for remotes that others made. */
export function onPeerGone(remote: object, listener: () => void): () => void {
  return ends.get(remote)?.onClose(listener) ?? (() => {})
}

/** Lets the peer know that nobody will call `remote` any more. */
export function releaseComlinkRemote(remote: object): void {
  if (ends.delete(remote)) (Reflect.get(remote, releaseProxy) as () => void)()
}
