import { transferHandlers } from 'comlink'
import { serveComlink } from './comlink-endpoint.ts'
import type { CallbackLinks } from './marshal.ts'

/** Callbacks to and from a stock comlink peer, which speaks comlink's protocol on them as well. */
export const comlinkCallbacks: CallbackLinks = {
  expose: (value) => {
    const call = async (path: readonly string[], args: readonly unknown[]): Promise<unknown> =>
      memberOf(value, path)(...args)
    return serveComlink({ name: 'callback', call }, comlinkCallbacks).theirs
  },
  adopt: (port) => {
    const remote: unknown = transferHandlers.get('proxy')?.deserialize(port)
    // comlink listens on it; that alone must not keep the process alive.
    port.unref()
    return remote
  },
}

type Callback = (...args: unknown[]) => unknown

/** A component's callback is a remote: whatever path is asked for, its own end decides whether that may be called. */
function memberOf(remote: object, path: readonly string[]): Callback {
  let member = remote
  for (const key of path) member = (member as Record<string, object>)[key] ?? {}
  return member as Callback
}
