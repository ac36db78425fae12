import { closeMoved } from './close-moved.ts'
import type { CallEntry } from './protocol.ts'
import { inLaterTurn } from './turns.ts'

/** Calls that have arrived, and whose turn has not come. */
export class ParkedCalls {
  readonly #calls = new Map<number, CallEntry>()

  get size(): number {
    return this.#calls.size
  }

  get ids(): Iterable<number> {
    return this.#calls.keys()
  }

  /** @param serve called in a later turn, unless it is dropped before. */
  park(entry: CallEntry, serve: (entry: CallEntry) => void): void {
    const id = entry[1]
    this.#calls.set(id, entry)
    inLaterTurn(() => {
      // Its caller may have given up meanwhile.
      if (this.#calls.delete(id)) serve(entry)
    })
  }

  /** It will not be served. Returns false when it is not there. */
  drop(id: number): boolean {
    const entry = this.#calls.get(id)
    if (!entry) return false
    this.#calls.delete(id)
    closeMoved(entry[3])
    return true
  }
}
