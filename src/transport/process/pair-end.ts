import type { MessagePort } from 'node:worker_threads'
import type { FrameReceiver, Movable, Transport } from '../../channel/transport.ts'
import { endOf, threadChannels } from '../thread.ts'
import { heldBy } from './held-frames.ts'
import type { SubChannel } from '../frames/sub-channel.ts'
import { queueMicrotask } from '../../base/timers.ts'

/** A joined end of a channel that was made here: a port, until the other end is posted over a link. */
export class PairEnd implements Transport {
  readonly #port: MessagePort
  #transport: Transport
  #receiver: FrameReceiver | undefined
  #closed = false
  readonly #listeners = new Set<() => void>()

  constructor(port: MessagePort) {
    this.#port = port
    this.#transport = threadChannels.join(endOf(port))
    this.#watch()
  }

  receive(receiver: FrameReceiver): void {
    this.#receiver = receiver
    this.#transport.receive(receiver)
  }

  post(frame: unknown, moved?: readonly Movable[]): void {
    this.#transport.post(frame, moved)
  }

  whenLeaving(post: () => void): void {
    if (this.#transport.whenLeaving) this.#transport.whenLeaving(post)
    else queueMicrotask(post)
  }

  takeNext(): { readonly frame: unknown } | undefined {
    return this.#transport.takeNext()
  }

  onClose(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    this.#transport.close()
  }

  /** The other end has gone over a link: this is `channel` from now on. */
  moveTo(channel: SubChannel): void {
    const unread = [...heldBy(this.#port)]
    this.#port.removeAllListeners()
    this.#port.close()
    channel.release(unread)
    this.#transport = channel
    this.#watch()
    if (this.#closed) channel.close()
    else if (this.#receiver) channel.receive(this.#receiver)
  }

  #watch(): void {
    this.#transport.onClose(() => {
      for (const listener of this.#listeners) {
        this.#listeners.delete(listener)
        listener()
      }
    })
  }
}
