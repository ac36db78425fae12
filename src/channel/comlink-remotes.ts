import { releaseProxy, transferHandlers } from 'comlink'
import type { MessagePort } from 'node:worker_threads'

/** The remotes of stock comlink's that were made here, by us, for callbacks of a peer; comlink itself does not notice when a peer dies. */
const ports = new WeakMap<object, MessagePort>()

export function adoptComlinkRemote(port: MessagePort): object {
  const remote = transferHandlers.get('proxy')?.deserialize(port) as object
  // comlink listens on it; that alone must not keep the process alive.
  port.unref()
  // An answer that this thread cannot read names nobody: whoever waits for one is told, as of the peer's end.
  port.on('messageerror', () => port.close())
  ports.set(remote, port)
  return remote
}

/** Calls back once when the peer that serves `remote` is gone. Returns what takes that back. Nothing, for remotes that others made. */
export function onPeerGone(remote: object, listener: () => void): () => void {
  const port = ports.get(remote)
  port?.once('close', listener)
  return () => void port?.off('close', listener)
}

/** Lets the peer know that nobody will call `remote` any more. */
export function releaseComlinkRemote(remote: object): void {
  if (ports.delete(remote)) (Reflect.get(remote, releaseProxy) as () => void)()
}
