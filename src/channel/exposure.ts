import { finalizer } from 'comlink'
import { isInstance } from '../contract/is-instance.ts'
import { releaseComlinkRemote } from './comlink-remotes.ts'
import { isRemote } from './forwarded-methods.ts'

/** On how many channels each `proxy()`ed object of this thread is served. */
const channels = new WeakMap<object, number>()

/** A channel serves `value`. */
export function exposed(value: object): void {
  channels.set(value, (channels.get(value) ?? 0) + 1)
}

/** A channel that served `value` is closed. With the last one, nobody can call it any more. */
export function unexposed(value: object): void {
  const left = (channels.get(value) ?? 0) - 1
  if (left > 0) channels.set(value, left)
  else finalize(value)
}

/** Calls comlink's `finalizer` of what was exposed, once. What it throws becomes a warning of the process: there is nobody who called it. */
export function finalize(value: object): void {
  if (!channels.delete(value)) return
  const run = async (): Promise<void> => {
    // Of a remote that is passed on, the finalizer is at its own end.
    if (isRemote(value)) return releaseComlinkRemote(value)
    const end: unknown = Reflect.get(value, finalizer)
    if (typeof end === 'function') await Reflect.apply(end, value, [])
  }
  run().catch((error: unknown) => {
    process.emitWarning(isInstance(error, Error) ? error : new Error('The finalizer of a proxied object threw'))
  })
}
