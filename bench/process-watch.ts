/** Looks at this process every few ms: its largest resident set, and the longest time its event loop had no turn. */
export class ProcessWatch implements Disposable {
  readonly #timer: NodeJS.Timeout
  #last = performance.now()
  #cpu = process.threadCpuUsage()
  /** Bytes of resident set. */
  peak = process.memoryUsage.rss()
  /** ms beyond the time of a look: the longest in all, and the longest in which the main thread was at work, not merely waiting for a processor. */
  stall = 0
  busyStall = 0

  /** @param each called at every look. */
  constructor(each: () => void = () => {}, interval = 5) {
    this.#timer = setInterval(() => {
      const now = performance.now()
      const { user, system } = process.threadCpuUsage(this.#cpu)
      const stall = now - this.#last - interval
      this.stall = Math.max(this.stall, stall)
      this.busyStall = Math.max(this.busyStall, Math.min(stall, (user + system) / 1_000))
      this.#last = now
      this.#cpu = process.threadCpuUsage()
      this.peak = Math.max(this.peak, process.memoryUsage.rss())
      each()
    }, interval)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
