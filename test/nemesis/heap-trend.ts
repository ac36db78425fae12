const mib = 2 ** 20
/** Rounds whose smallest heap is compared: one alone may hold garbage. */
const window = 5
/** Rounds in which code is compiled and V8 gathers its feedback; then the comparison begins anew, with less that is allowed. */
const young = 30
/**
 * Bytes that the heap may grow by for other reasons than a leak. Measured: the smallest heap of five rounds moves by under 1 MiB in 100 rounds, once
 * they have been through everything, and by under 3 MiB at first.
 */
const allowed = { young: 4 * mib, settled: 2 * mib }
/** Bytes a round on top of it: what a campaign of 30 minutes, of 250 rounds, finds is a leak of 15 kB a round, some 100 bytes a call. */
const perRound = 5_000

/** Whether the heap of the main thread grows from round to round. */
export class HeapTrend {
  #heaps: number[] = []
  #age: keyof typeof allowed = 'young'

  /** @returns what is wrong, if anything is; then the comparison begins anew. */
  add(heap: number): string | undefined {
    this.#heaps.push(heap)
    const rounds = this.#heaps.length
    if (rounds < 2 * window) return undefined
    const growth = Math.min(...this.#heaps.slice(-window)) - Math.min(...this.#heaps.slice(0, window))
    const tooMuch = growth > allowed[this.#age] + perRound * rounds
    if (tooMuch || (this.#age === 'young' && rounds >= young)) {
      this.#heaps = this.#heaps.slice(-window)
      this.#age = 'settled'
    }
    return tooMuch
      ? `the heap of the main thread grew by ${(growth / mib).toFixed(1)} MiB in ${rounds} rounds`
      : undefined
  }
}
