/** What a queue links: an entry is in at most one queue at a time. */
export interface Linked<Entry> {
  previous: Entry | undefined
  next: Entry | undefined
}

/** A first-in first-out queue as a doubly linked list: an entry leaves from any place in constant time, as one that timed out does. */
export class WaitQueue<Entry extends Linked<Entry>> implements Iterable<Entry> {
  #first: Entry | undefined
  #last: Entry | undefined

  get first(): Entry | undefined {
    return this.#first
  }

  push(entry: Entry): void {
    entry.previous = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
  }

  /** `entry` must be in this queue. */
  remove(entry: Entry): void {
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
    entry.previous = undefined
    entry.next = undefined
  }

  *[Symbol.iterator](): Generator<Entry, void, void> {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) yield entry
  }
}
