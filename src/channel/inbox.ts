import { apart } from './protocol.ts'
import type { ApartEntry } from './protocol.ts'
import type { FrameReceiver, Transport } from './transport.ts'

export interface InboxHooks {
  /** An entry, of whatever form the other side gave it. */
  receive(entry: readonly unknown[]): void
  /**
   * A frame has arrived that cannot be deserialised.
   *
   * @param announced what its sender had said about it; undefined for one that nobody thought could be unreadable.
   */
  lost(announced: ApartEntry | undefined, cause: unknown): void
}

/**
 * The receiving end of a connection. What one thread can serialise another may be unable to read (nested deeper than its stack is, larger than
 * its memory); then the transport says only that something was there. Hence the announcements: they say what comes next.
 */
export class Inbox implements FrameReceiver {
  readonly #transport: Transport
  readonly #hooks: InboxHooks
  #announced: ApartEntry | undefined

  /** Receives on `transport` until it is closed. */
  static open(transport: Transport, hooks: InboxHooks): Inbox {
    return new Inbox(transport, hooks)
  }

  private constructor(transport: Transport, hooks: InboxHooks) {
    this.#transport = transport
    this.#hooks = hooks
    transport.receive(this)
  }

  /** Takes in what has arrived by now; for a connection that is about to be closed. */
  takeRest(): void {
    for (;;) {
      try {
        const item = this.#transport.takeNext()
        if (!item) return
        this.frame(item.frame)
      } catch (cause) {
        this.unreadable(cause)
      }
    }
  }

  frame(frame: unknown): void {
    this.#announced = undefined
    if (!Array.isArray(frame)) return
    const entries = frame as readonly unknown[]
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]
      if (!Array.isArray(entry)) continue
      if (isAnnouncement(entry)) this.#announced = entry
      else this.#hooks.receive(entry)
    }
  }

  unreadable(cause: unknown): void {
    const announced = this.#announced
    this.#announced = undefined
    this.#hooks.lost(announced, cause)
  }
}

function isAnnouncement(entry: readonly unknown[]): entry is ApartEntry {
  return entry[0] === apart && Number.isSafeInteger(entry[1])
}
