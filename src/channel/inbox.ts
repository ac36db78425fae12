import { receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { apart } from './protocol.ts'
import type { ApartEntry } from './protocol.ts'

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
 * its memory); then the port says only that something was there. Hence the announcements: they say what comes next.
 */
export class Inbox {
  readonly #port: MessagePort
  readonly #hooks: InboxHooks
  #announced: ApartEntry | undefined

  /** Receives on `port` until it is closed. */
  static open(port: MessagePort, hooks: InboxHooks): Inbox {
    return new Inbox(port, hooks)
  }

  private constructor(port: MessagePort, hooks: InboxHooks) {
    this.#port = port
    this.#hooks = hooks
    port.on('message', (frame: unknown) => this.#take(frame))
    port.on('messageerror', (cause: unknown) => this.#lose(cause))
  }

  /** Takes in what has arrived by now; for a port that is about to be closed. */
  takeRest(): void {
    for (;;) {
      try {
        const item = receiveMessageOnPort(this.#port)
        if (!item) return
        this.#take(item.message)
      } catch (cause) {
        this.#lose(cause)
      }
    }
  }

  #take(frame: unknown): void {
    this.#announced = undefined
    if (!Array.isArray(frame)) return
    for (const entry of frame as unknown[]) {
      if (isAnnouncement(entry)) this.#announced = entry
      else if (Array.isArray(entry)) this.#hooks.receive(entry as readonly unknown[])
    }
  }

  #lose(cause: unknown): void {
    const announced = this.#announced
    this.#announced = undefined
    this.#hooks.lost(announced, cause)
  }
}

function isAnnouncement(entry: unknown): entry is ApartEntry {
  return Array.isArray(entry) && entry[0] === apart && Number.isSafeInteger(entry[1])
}
