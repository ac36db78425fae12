/** How long this thread did not turn, by fault or because the machine is busy: what is to happen within a bound is given that much longer. */
const interval = 20

export class Stalls implements Disposable {
  #total = 0
  #last = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#look(), interval)
    this.#timer.unref()
  }

  /** ms since the beginning. */
  get total(): number {
    this.#look()
    return this.#total
  }

  #look(): void {
    const now = performance.now()
    this.#total += Math.max(0, now - this.#last - interval)
    this.#last = now
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
