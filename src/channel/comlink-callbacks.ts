import { releaseProxy } from 'comlink'
import { serveComlink } from './comlink-endpoint.ts'
import { adoptComlinkRemote } from './comlink-remotes.ts'
import { callRemote } from './forwarded-methods.ts'
import type { CallbackLinks } from './marshal.ts'

/** Callbacks to and from a stock comlink peer, which speaks comlink's protocol on them as well. */
export const comlinkCallbacks: CallbackLinks = {
  expose: (value) => {
    // A component's callback is a remote: whatever path is asked for, its own end decides whether that may be called.
    const call = async (path: readonly string[], args: readonly unknown[]): Promise<unknown> =>
      callRemote(value, path, args)
    const { ours, theirs } = serveComlink({ name: 'callback', call }, comlinkCallbacks)
    // It was made for this peer alone.
    ours.once('close', () => (Reflect.get(value, releaseProxy) as (() => void) | undefined)?.())
    return theirs
  },
  adopt: adoptComlinkRemote,
}
