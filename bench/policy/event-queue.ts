interface Entry {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

/**
 * The simulated clock: runs what was scheduled in the order of time; what is scheduled for the same time, in the order
 * of scheduling.
 */
export class EventQueue {
  now = 0
  private order = 0
  private readonly heap: Entry[] = []

  at(time: number, run: () => void): void {
    const entry = { time: Math.max(time, this.now), order: this.order++, run }
    const heap = this.heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >>> 1
      const other = heap[parent]
      if (other === undefined || before(other, entry)) break
      heap[index] = other
      index = parent
    }
    heap[index] = entry
  }

  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run)
  }

  /** The time of the next event; undefined when there is none. */
  get next(): number | undefined {
    return this.heap[0]?.time
  }

  step(): void {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (first === undefined || last === undefined) return
    if (this.heap.length > 0) this.sink(last)
    this.now = first.time
    first.run()
  }

  private sink(entry: Entry): void {
    const heap = this.heap
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (a === undefined) break
      const child = b !== undefined && before(b, a) ? b : a
      if (before(entry, child)) break
      heap[index] = child
      index = child === a ? left : left + 1
    }
    heap[index] = entry
  }
}

const before = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)
