const mib = 2 ** 20
/** Rounds whose smallest heap is compared: one alone may hold garbage. */
const window = 5
/** Bytes that a heap may grow by for other reasons: code that is compiled, feedback that V8 gathers. Measured: under 3 MB in 100 rounds. */
const allowance = 4 * mib
/** Bytes a round on top of it. */
const perRound = 20_000

/** Whether the heap of the main thread grows from round to round. */
export class HeapTrend {
  readonly #first: number[] = []
  #last: number[] = []
  #rounds = 0

  /** @returns what is wrong, if anything is; then the comparison begins anew. */
  add(heap: number): string | undefined {
    this.#rounds++
    if (this.#first.length < window) {
      this.#first.push(heap)
      return undefined
    }
    this.#last = [...this.#last, heap].slice(-window)
    if (this.#last.length < window) return undefined
    const growth = Math.min(...this.#last) - Math.min(...this.#first)
    if (growth <= allowance + perRound * this.#rounds) return undefined
    const text = `the heap of the main thread grew by ${(growth / mib).toFixed(1)} MiB in ${this.#rounds} rounds`
    this.#first.splice(0)
    this.#last = []
    this.#rounds = 0
    return text
  }
}
