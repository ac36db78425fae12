import type { MessagePort, Transferable } from 'node:worker_threads'

/**
 * The sending end of a connection: gathers entries and posts all of a microtask as one frame, in order.
 */
export class Outbox<Entry> {
  readonly #port: MessagePort
  #entries: Entry[] = []
  #scheduled = false

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** Adds an entry that nobody else can change any more. */
  push(entry: Entry): void {
    this.#entries.push(entry)
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flushScheduled)
  }

  /**
   * Posts an entry at once, after all that wait: for values that are cloned, not copied, or that move.
   *
   * @throws DataCloneError when the entry cannot be cloned; what waits is untouched and nothing was moved.
   */
  post(entry: Entry, transfers: readonly Transferable[] = []): void {
    this.#port.postMessage([...this.#entries, entry], [...transfers])
    this.#entries = []
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
