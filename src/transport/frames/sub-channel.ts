import type { MessagePort } from 'node:worker_threads'
import type { FrameReceiver, Movable, Transport } from '../../channel/transport.ts'
import { queueMicrotask } from '../../base/timers.ts'

/** What a channel needs of the link that it is on. */
export interface Wire {
  /** @throws when the frame cannot be serialized; then nothing was sent, and nothing has moved. */
  post(channel: SubChannel, frame: unknown, moved: readonly Movable[] | 'all' | undefined): void
  /** In place of a frame. */
  postLoss(channel: SubChannel, cause: unknown): void
  close(channel: SubChannel): void
  whenLeaving(post: () => void): void
  /** Closes the ends in a frame that nobody will get. */
  discard(frame: unknown): void
}

/** Like a FrameReceiver, which need not know what moved with a frame. */
export interface FrameAndEndsReceiver extends FrameReceiver {
  frame(frame: unknown, ends?: readonly MessagePort[]): void
}

export type Arrived = { readonly frame: unknown; readonly ends: readonly MessagePort[] } | { readonly cause: unknown }

/**
 * open: frames go both ways; ended: the other side or the link has closed it, and what had arrived is still handed over; closed: on this side, nothing is
 * handed over any more.
 */
type State = 'open' | 'ended' | 'closed'

/** One of the channels on a link. */
export class SubChannel implements Transport {
  readonly ours: boolean
  readonly number: number
  readonly #wire: Wire
  #state: State = 'open'
  #receiver: FrameAndEndsReceiver | undefined
  #arrived: Arrived[] = []
  #handingOver = false
  #listeners = new Set<() => void>()

  /** @param ours whether this side opened it. */
  constructor(wire: Wire, ours: boolean, number: number) {
    this.#wire = wire
    this.ours = ours
    this.number = number
  }

  get state(): State {
    return this.#state
  }

  receive(receiver: FrameAndEndsReceiver): void {
    this.#receiver = receiver
    this.#handOverSoon()
  }

  post(frame: unknown, moved?: readonly Movable[]): void {
    this.#wire.post(this, frame, moved)
  }

  whenLeaving(post: () => void): void {
    this.#wire.whenLeaving(post)
  }

  /** Posts what came from elsewhere, with all ports that are in it; if it cannot go so far, the other side is told. */
  forward(frame: unknown): void {
    try {
      this.#wire.post(this, frame, 'all')
    } catch (cause) {
      this.#wire.postLoss(this, cause)
      this.#wire.discard(frame)
    }
  }

  forwardLoss(cause: unknown): void {
    this.#wire.postLoss(this, cause)
  }

  takeNext(): { readonly frame: unknown } | undefined {
    const next = this.#state === 'closed' ? undefined : this.#arrived.shift()
    if (!next) return undefined
    if (this.#state === 'ended') this.#handOverSoon()
    if ('cause' in next) throw next.cause
    return { frame: next.frame }
  }

  onClose(listener: () => void): () => void {
    const once = (): void => {
      this.#listeners.delete(once)
      listener()
    }
    this.#listeners.add(once)
    if (this.#state !== 'open') this.#handOverSoon()
    return () => void this.#listeners.delete(once)
  }

  close(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'open') this.#wire.close(this)
    this.#state = 'closed'
    for (const each of this.#arrived.splice(0)) this.#discard(each)
    this.#handOverSoon()
  }

  /** From the link: something has come. */
  arrive(item: Arrived): void {
    if (this.#state === 'closed') this.#discard(item)
    else if (this.#receiver && this.#arrived.length === 0) this.#handOver(this.#receiver, item)
    else this.#arrived.push(item)
  }

  /** From the link: nothing comes any more, and nothing can be sent. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#tellIfOver()
  }

  /** Whoever received gives it back, and what had been handed over to nobody yet. */
  release(unread: readonly Arrived[]): void {
    this.#receiver = undefined
    this.#arrived = [...unread, ...this.#arrived]
  }

  /** All that has arrived and was not handed over. */
  takeArrived(): readonly Arrived[] {
    return this.#arrived.splice(0)
  }

  /** Not at once: whoever begins to receive, or to listen, does not expect to be called meanwhile. */
  #handOverSoon(): void {
    if (this.#handingOver) return
    this.#handingOver = true
    queueMicrotask(() => {
      this.#handingOver = false
      this.#handOverAll()
    })
  }

  #handOverAll(): void {
    while (this.#receiver && this.#state !== 'closed') {
      const next = this.#arrived.shift()
      if (!next) break
      this.#handOver(this.#receiver, next)
    }
    this.#tellIfOver()
  }

  #handOver(receiver: FrameAndEndsReceiver, item: Arrived): void {
    guarded(() => {
      if ('cause' in item) receiver.unreadable(item.cause)
      else receiver.frame(item.frame, item.ends)
    })
  }

  #tellIfOver(): void {
    if (this.#state === 'open' || this.#arrived.length > 0) return
    for (const listener of this.#listeners) guarded(listener)
  }

  #discard(item: Arrived): void {
    if ('frame' in item) this.#wire.discard(item.frame)
  }
}

/** What a receiver throws ends the process as it would when a port had called it; the other records that have come are not lost with it. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
