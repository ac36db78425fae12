import type { Transport } from './transport.ts'

/** Of the remotes of callbacks: whether what serves them is still there. */
const ends = new WeakMap<object, { readonly transport: Transport; gone: boolean }>()

/** What `remote` calls is served at the other end of `transport`, and gone when that closes. */
export function servedAt(remote: object, transport: Transport): void {
  const end = { transport, gone: false }
  ends.set(remote, end)
  transport.onClose(() => (end.gone = true))
}

/** Calls back once when what serves `remote` is gone, at once if it is. Returns what takes that back. Nothing, for what is no remote of a callback. */
export function onCallbackGone(remote: object, listener: () => void): () => void {
  const end = ends.get(remote)
  if (end?.gone) listener()
  return end?.gone === false ? end.transport.onClose(listener) : () => {}
}
