import type { MessagePort } from 'node:worker_threads'
import { lossOf, lostFrame } from '../lost-frame.ts'
import { forwardAll, heldBy } from './held-frames.ts'
import type { SubChannel } from '../frames/sub-channel.ts'
import { setImmediate, clearImmediate } from '../../base/timers.ts'

/** Of this thread, until their ports are closed. */
const relays = new Set<PortRelay>()

/** What threads, and other processes, have posted to ports of this thread's links is on the links when this returns: what is said after it comes after it. */
export function passOnAll(): void {
  for (const relay of relays) relay.passOn()
}

/** Passes on what comes out of a port to a channel on a link, and the reverse; either's end is the other's. */
export class PortRelay {
  readonly #channel: SubChannel
  readonly #inner: MessagePort
  readonly #leaving: (port: MessagePort) => void
  readonly #stopWatching: () => void
  /** Most ends are joined, or posted on, in the turn in which they come; then nothing needs to go through the port. */
  readonly #begin: NodeJS.Immediate
  #state: 'waiting' | 'relaying' | 'stopped' = 'waiting'

  /** @param leaving told of each port that is passed on to another thread: what has come for it must be in it by then. */
  constructor(channel: SubChannel, inner: MessagePort, leaving: (port: MessagePort) => void) {
    this.#channel = channel
    this.#inner = inner
    this.#leaving = leaving
    inner.once('close', () => {
      relays.delete(this)
      channel.close()
    })
    this.#stopWatching = channel.onClose(() => inner.close())
    relays.add(this)
    this.#begin = setImmediate(() => this.begin())
  }

  /**
   * Gives the channel back, with what it had passed on and nobody has taken from `outer`, the other end of the port. That is of no use any more; what was
   * posted to it has been sent.
   */
  stop(outer: MessagePort): SubChannel {
    this.#state = 'stopped'
    relays.delete(this)
    clearImmediate(this.#begin)
    this.#stopWatching()
    this.#inner.removeAllListeners()
    forwardAll(heldBy(this.#inner), this.#channel)
    this.#channel.release([...heldBy(outer)])
    this.#inner.close()
    return this.#channel
  }

  /** What has been posted to the port so far is on the link when this returns. */
  passOn(): void {
    if (this.#state === 'stopped') return
    this.begin()
    forwardAll(heldBy(this.#inner), this.#channel)
  }

  /** What has come so far is in the port when this returns, and what comes later follows. */
  begin(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'relaying'
    clearImmediate(this.#begin)
    const inner = this.#inner
    const channel = this.#channel
    inner.on('message', (frame: unknown) => {
      const loss = lossOf(frame)
      if (loss) channel.forwardLoss(loss)
      else channel.forward(frame)
    })
    inner.on('messageerror', (cause: unknown) => channel.forwardLoss(cause))
    inner.unref()
    for (const item of channel.takeArrived()) {
      if ('cause' in item) inner.postMessage(lostFrame(item.cause))
      else this.#pass(item.frame, item.ends)
    }
    channel.receive({
      frame: (frame, ends = []) => this.#pass(frame, ends),
      unreadable: (cause) => inner.postMessage(lostFrame(cause)),
    })
  }

  #pass(frame: unknown, ends: readonly MessagePort[]): void {
    for (const end of ends) this.#leaving(end)
    try {
      this.#inner.postMessage(frame, [...ends])
    } catch (cause) {
      this.#inner.postMessage(lostFrame(cause))
    }
  }
}
