import type { MessagePort, Transferable } from 'node:worker_threads'
import type { ApartEntry } from './protocol.ts'

/**
 * The sending end of a connection: gathers entries and posts all of a microtask as one frame, in order.
 */
export class Outbox<Entry> {
  readonly #port: MessagePort
  #entries: (Entry | ApartEntry)[] = []
  #scheduled = false

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** Adds an entry that nobody else can change any more, and that any thread can read: small and flat. */
  push(entry: Entry): void {
    this.#entries.push(entry)
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flushScheduled)
  }

  /**
   * Posts an entry at once, after all that wait: for values that are cloned, not copied, or that move. It travels in a frame of its own: if
   * that proves unreadable at the other end, nothing else is lost, and the announcement before it says what was.
   *
   * @throws DataCloneError when the entry cannot be cloned; what waited is on its way and nothing was moved.
   */
  post(entry: Entry, announcement: ApartEntry, transfers: readonly Transferable[] = []): void {
    this.#entries.push(announcement)
    this.flush()
    this.#port.postMessage([entry], [...transfers])
  }

  flush(): void {
    if (this.#entries.length === 0) return
    const frame = this.#entries
    this.#entries = []
    this.#port.postMessage(frame)
  }

  #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }
}
