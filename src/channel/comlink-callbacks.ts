import { releaseProxy } from 'comlink'
import type { MessagePort } from 'node:worker_threads'
import { onCallbackGone } from './callback-end.ts'
import { serveComlink } from './comlink-endpoint.ts'
import type { ComlinkTarget } from './comlink-endpoint.ts'
import { adoptComlinkRemote } from './comlink-remotes.ts'
import { callRemote } from './forwarded-methods.ts'
import type { CallbackLinks } from './marshal.ts'

/** Serves `target` to a stock comlink peer, with callbacks both ways. The endpoint is closed by closing `ours`, or by the peer. */
export function serveEndpoint(target: ComlinkTarget): { ours: MessagePort; theirs: MessagePort } {
  const callbacks = new ComlinkCallbacks()
  const ports = serveComlink(target, callbacks)
  ports.ours.once('close', () => callbacks.endpointClosed())
  return ports
}

/**
 * Callbacks to and from a stock comlink peer, which speaks comlink's protocol on them as well.
 *
 * A peer listens on its end of what it got, which keeps its process alive until one of us closes it. So what is gone ends with the endpoint;
 * until then its calls are still answered, as comlink would wait for ever on a port that is closed.
 */
class ComlinkCallbacks implements CallbackLinks {
  readonly adopt = adoptComlinkRemote
  #open = true
  /** What they serve is gone. */
  readonly #gone = new Set<MessagePort>()

  expose(value: object): MessagePort {
    // A component's callback is a remote: whatever path is asked for, its own end decides whether that may be called.
    const call = async (path: readonly string[], args: readonly unknown[]): Promise<unknown> =>
      callRemote(value, path, args)
    const { ours, theirs } = serveComlink({ name: 'callback', call }, this)
    const stop = onCallbackGone(value, () => {
      if (this.#open) this.#gone.add(ours)
      else ours.close()
    })
    ours.once('close', () => {
      stop()
      this.#gone.delete(ours)
      // It was made for this peer alone.
      const release = Reflect.get(value, releaseProxy) as (() => void) | undefined
      release?.()
    })
    return theirs
  }

  endpointClosed(): void {
    this.#open = false
    for (const port of this.#gone) port.close()
  }
}
