/** The deadlines of calls under way, of which only the earliest is ever asked for. Nearly always one is added at the end and taken from the front. */
export class EarliestDeadline {
  /** In ascending order. */
  readonly #deadlines: number[] = []

  /** undefined: there is none. */
  get value(): number | undefined {
    return this.#deadlines[0]
  }

  add(deadline: number): void {
    this.#deadlines.splice(this.#indexOf(deadline), 0, deadline)
  }

  delete(deadline: number): void {
    const index = this.#indexOf(deadline)
    if (this.#deadlines[index] === deadline) this.#deadlines.splice(index, 1)
  }

  /** Forgets those that have passed. */
  pass(now: number): void {
    this.#deadlines.splice(0, this.#indexOf(now))
  }

  /** Of the first that is not earlier. */
  #indexOf(deadline: number): number {
    let low = 0
    let high = this.#deadlines.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#deadlines[middle] ?? 0) < deadline) low = middle + 1
      else high = middle
    }
    return low
  }
}
