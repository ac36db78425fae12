import type { MessagePort, Transferable } from 'node:worker_threads'
import type { ApartEntry } from './protocol.ts'

/**
 * The sending end of a connection: gathers entries and posts all of a microtask as one frame, in order. What is pushed is meant to be
 * cloneable; should an entry be refused after all, it alone is replaced, and the others travel.
 */
export class Outbox<Entry> {
  readonly #port: MessagePort
  readonly #instead: (entry: Entry | ApartEntry, cause: unknown) => Entry | undefined
  #entries: (Entry | ApartEntry)[] = []
  #scheduled = false

  /** @param instead what is sent in place of an entry that cannot be cloned: whoever waits for it must be told why. */
  constructor(port: MessagePort, instead: (entry: Entry | ApartEntry, cause: unknown) => Entry | undefined) {
    this.#port = port
    this.#instead = instead
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

  /** Never throws. */
  flush(): void {
    if (this.#entries.length === 0) return
    const frame = this.#entries
    this.#entries = []
    try {
      this.#port.postMessage(frame)
    } catch {
      for (const entry of frame) this.#postAlone(entry)
    }
  }

  #postAlone(entry: Entry | ApartEntry): void {
    try {
      this.#port.postMessage([entry])
    } catch (cause) {
      const instead = this.#instead(entry, cause)
      if (instead !== undefined) this.#port.postMessage([instead])
    }
  }

  #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }
}
