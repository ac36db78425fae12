interface Event {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

/** What happens, in the order of time. ms. */
export class Events {
  now = 0
  readonly #heap: Event[] = []
  #order = 0

  after(ms: number, run: () => void): void {
    const event = { time: this.now + ms, order: this.#order++, run }
    let at = this.#heap.push(event) - 1
    for (;;) {
      const above = (at - 1) >> 1
      const parent = this.#heap[above]
      if (at === 0 || parent === undefined || !isBefore(event, parent)) break
      this.#heap[at] = parent
      at = above
    }
    this.#heap[at] = event
  }

  /** Until there is nothing left before that time. */
  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.time <= end; next = this.#heap[0]) {
      this.#removeFirst()
      this.now = next.time
      next.run()
    }
    this.now = end
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [this.#heap[below], this.#heap[below + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) below++
      const child = this.#heap[below] as Event
      if (!isBefore(child, last)) break
      this.#heap[at] = child
      at = below
    }
    this.#heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
