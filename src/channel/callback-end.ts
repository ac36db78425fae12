import type { MessagePort } from 'node:worker_threads'

/** Of the remotes of callbacks: whether what serves them is still there. */
const ends = new WeakMap<object, { readonly port: MessagePort; gone: boolean }>()

/** What `remote` calls is served at the other end of `port`, and gone when that closes. */
export function servedAt(remote: object, port: MessagePort): void {
  const end = { port, gone: false }
  ends.set(remote, end)
  port.once('close', () => (end.gone = true))
}

/** Calls back once when what serves `remote` is gone, at once if it is. Returns what takes that back. Nothing, for what is no remote of a callback. */
export function onCallbackGone(remote: object, listener: () => void): () => void {
  const end = ends.get(remote)
  if (end?.gone) listener()
  else end?.port.once('close', listener)
  return () => void end?.port.off('close', listener)
}
