import type { MessagePort } from 'node:worker_threads'
import { lossOf, lostFrame } from '../lost-frame.ts'
import { forwardAll, heldBy } from './held-frames.ts'
import type { SubChannel } from './sub-channel.ts'

/** Passes on what comes out of a port to a channel on a link, and the reverse; either's end is the other's. */
export class PortRelay {
  readonly #channel: SubChannel
  readonly #inner: MessagePort
  readonly #stopWatching: () => void
  /** Most ends are joined, or posted on, in the turn in which they come; then nothing needs to go through the port. */
  readonly #begin: NodeJS.Immediate

  constructor(channel: SubChannel, inner: MessagePort) {
    this.#channel = channel
    this.#inner = inner
    inner.once('close', () => channel.close())
    this.#stopWatching = channel.onClose(() => inner.close())
    this.#begin = setImmediate(() => this.#relay())
  }

  /**
   * Gives the channel back, with what it had passed on and nobody has taken from `outer`, the other end of the port. That is of no use any more; what was
   * posted to it has been sent.
   */
  stop(outer: MessagePort): SubChannel {
    clearImmediate(this.#begin)
    this.#stopWatching()
    this.#inner.removeAllListeners()
    forwardAll(heldBy(this.#inner), this.#channel)
    this.#channel.release([...heldBy(outer)])
    this.#inner.close()
    return this.#channel
  }

  #relay(): void {
    const inner = this.#inner
    const channel = this.#channel
    inner.on('message', (frame: unknown) => {
      const loss = lossOf(frame)
      if (loss) channel.forwardLoss(loss)
      else channel.forward(frame)
    })
    inner.on('messageerror', (cause: unknown) => channel.forwardLoss(cause))
    inner.unref()
    channel.receive({
      frame: (frame, ends = []) => this.#pass(frame, ends),
      unreadable: (cause) => inner.postMessage(lostFrame(cause)),
    })
  }

  #pass(frame: unknown, ends: readonly MessagePort[]): void {
    try {
      this.#inner.postMessage(frame, [...ends])
    } catch (cause) {
      this.#inner.postMessage(lostFrame(cause))
    }
  }
}
