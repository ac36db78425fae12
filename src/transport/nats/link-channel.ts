import { SubChannel } from '../frames/sub-channel.ts'
import type { Wire } from '../frames/sub-channel.ts'
import type { LinkEnd, PeerChannel, PeerEnd, PeerId } from './peer.ts'

/** What a channel needs of the link that it is on, besides what any channel does. */
export interface PeerWire extends Wire {
  readonly peer: PeerId
  readonly backlog: number
  watched(channel: LinkChannel, isWatched: boolean): void
}

/** One of the channels on a link to another host. */
export class LinkChannel extends SubChannel implements PeerChannel {
  readonly #link: PeerWire
  readonly #undelivered: unknown[] = []
  #ended: PeerEnd | undefined
  #watches = 0
  /** The other side has been told of it. */
  isBegun = false

  constructor(link: PeerWire, ours: boolean, number: number) {
    super(link, ours, number)
    this.#link = link
  }

  get peer(): PeerId {
    return this.#link.peer
  }

  get backlog(): number {
    return this.#link.backlog
  }

  get ended(): PeerEnd | undefined {
    return this.#ended
  }

  watch(): Disposable {
    if (++this.#watches === 1 && !this.#ended) this.#link.watched(this, true)
    let isOver = false
    return {
      [Symbol.dispose]: () => {
        if (isOver) return
        isOver = true
        if (--this.#watches === 0) this.#link.watched(this, false)
      },
    }
  }

  override close(): void {
    this.#ended ??= { why: 'closed' }
    super.close()
  }

  /** From the link: the other side has closed it. */
  closedThere(): void {
    this.#ended ??= { why: 'closed' }
    this.end()
  }

  /** From the link: that is over, and `end()` comes next. */
  endsWith(why: LinkEnd, undelivered: readonly unknown[]): void {
    this.#undelivered.push(...undelivered)
    this.#ended ??= { why, undelivered: this.#undelivered }
  }

  /** From the link: posted when that was over. */
  notDelivered(frame: unknown): void {
    if (this.#ended?.why !== 'closed') this.#undelivered.push(frame)
  }
}
