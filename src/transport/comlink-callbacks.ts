import { releaseProxy, transferHandlers } from '../channel/comlink.ts'
import type { MessagePort } from 'node:worker_threads'
import { onCallbackGone } from '../channel/callback-end.ts'
import { comlinkRemoteAt } from '../channel/comlink-remotes.ts'
import { callRemote } from '../channel/forwarded-methods.ts'
import type { CallbackLinks } from '../channel/marshal.ts'
import type { ChannelEnd } from '../channel/transport.ts'
import { serveComlink } from './comlink-endpoint.ts'
import type { ComlinkTarget } from './comlink-endpoint.ts'
import { endOf, portOf, threadChannels } from './thread.ts'

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
  readonly channels = threadChannels
  #open = true
  /** What they serve is gone. */
  readonly #gone = new Set<MessagePort>()

  expose(value: object): ChannelEnd {
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
    return endOf(theirs)
  }

  adopt(end: ChannelEnd): object {
    const port = portOf(end)
    const remote = transferHandlers.get('proxy')?.deserialize(port) as object
    // comlink listens on it; that alone must not keep the process alive.
    port.unref()
    // An answer that this thread cannot read names nobody: whoever waits for one is told, as of the peer's end.
    port.on('messageerror', () => port.close())
    comlinkRemoteAt(remote, this.channels.join(end))
    return remote
  }

  endpointClosed(): void {
    this.#open = false
    for (const port of this.#gone) port.close()
  }
}
