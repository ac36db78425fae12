/** Looks at this process every few ms: the largest resident set, and the longest time its event loop had no turn. */
export class ProcessWatch implements Disposable {
  readonly #timer: NodeJS.Timeout
  #last = performance.now()
  peak = process.memoryUsage.rss()
  stall = 0

  /** @param each called at every look. */
  constructor(each: () => void = () => {}, interval = 5) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      this.stall = Math.max(this.stall, now - this.#last - interval)
      this.#last = now
      this.peak = Math.max(this.peak, process.memoryUsage.rss())
      each()
    }, interval)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
