import type { ApartEntry } from './protocol.ts'
import { isSmall } from './plain-copy.ts'
import type { Movable, Transport } from './transport.ts'

const nothing: readonly Movable[] = []
const settled = Promise.resolve()

/**
 * The sending end of a connection: gathers entries and posts all of a microtask as one frame, in order. What is pushed is meant to be
 * cloneable; should an entry be refused after all, it alone is replaced, and the others travel.
 */
export class Outbox<Entry> {
  readonly #transport: Transport
  readonly #instead: (entry: Entry | ApartEntry, cause: unknown) => Entry | undefined
  readonly #leaving: () => void
  #entries: (Entry | ApartEntry)[] = []
  #scheduled = false

  /**
   * @param instead what is sent in place of an entry that cannot be cloned: whoever waits for it must be told why.
   * @param leaving called before what was pushed is posted: the last moment to change it.
   */
  constructor(
    transport: Transport,
    instead: (entry: Entry | ApartEntry, cause: unknown) => Entry | undefined,
    leaving: () => void = () => {},
  ) {
    this.#transport = transport
    this.#instead = instead
    this.#leaving = leaving
  }

  /** Adds an entry that nobody but its sender can change any more, and that any thread can read: small and flat. */
  push(entry: Entry): void {
    this.#entries.push(entry)
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#transport.whenLeaving) this.#transport.whenLeaving(this.#flushScheduled)
    // A third of what queueMicrotask() costs, which makes an AsyncResource each time.
    else void settled.then(this.#flushScheduled)
  }

  /**
   * Posts an entry at once, after all that wait: for values that are cloned, not copied, or that move. It travels in a frame of its own: if that proves unreadable at the other end, nothing else is lost with it.
   *
   * @param values what is in it. Only where another thread may be unable to read them the announcement, which says whose it is, goes before it.
   * @throws DataCloneError when the entry cannot be cloned; what waited is not lost and nothing was moved.
   */
  post(entry: Entry, values: readonly unknown[], announcement: ApartEntry, moved: readonly Movable[] = nothing): void {
    if (!values.every((value) => isInOnePiece(value, moved))) this.#entries.push(announcement)
    this.flush()
    this.#transport.post([entry], moved.length > 0 ? moved : undefined)
  }

  flush(): void {
    if (this.#entries.length === 0) return
    this.#leaving()
    const frame = this.#entries
    this.#entries = []
    try {
      this.#transport.post(frame)
    } catch {
      for (const entry of frame) this.#postAlone(entry)
    }
  }

  #postAlone(entry: Entry | ApartEntry): void {
    try {
      this.#transport.post([entry])
    } catch (cause) {
      const instead = this.#instead(entry, cause)
      if (instead !== undefined) this.#transport.post([instead])
    }
  }

  #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }
}

/** What is not nested, or only a little: bytes, what moves as a whole, small plain data. */
function isInOnePiece(value: unknown, moved: readonly Movable[]): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || moved.includes(value as Movable) || isSmall(value)
}
