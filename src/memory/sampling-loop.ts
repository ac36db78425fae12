/** ms between two looks at the resident set while something is at work. */
const watchActive = 25
/** ms between two looks while everything loaded is idle. */
const watchIdle = 250
/** Bytes of resident set: growth by this much since the last sample is reason enough for another. */
const suspicious = 8 * 1024 ** 2

export interface SamplingNeeds {
  /** ms until the next sample is due, as far as the last one tells. */
  interval(): number
  /** Whether anything is loaded, and whether any of it is at work. */
  activity(): 'nothing' | 'idle' | 'active'
  /** Of this process, in bytes. A few microseconds, so it is looked at between samples: a burst shows there first. */
  residentSet(): number
  /** Takes a sample and acts on it. */
  tick(): Promise<void>
}

/**
 * Decides when to sample: when the measured growth asks for it, when something happened, and when the resident set has grown since.
 * Its timer never keeps the process alive.
 */
export class SamplingLoop {
  readonly #needs: SamplingNeeds
  #timer: NodeJS.Timeout | undefined
  #wakeAt = Number.POSITIVE_INFINITY
  #due = 0
  #residentSet = 0
  #state: 'waiting' | 'ticking' | 'ticking, then again' | 'stopped' = 'waiting'

  constructor(needs: SamplingNeeds) {
    this.#needs = needs
    this.#sampled()
  }

  /** Something has begun to work: the next look is not far. */
  poke(): void {
    if (this.#state === 'waiting' && this.#wakeAt > performance.now() + watchActive) this.#arm()
  }

  /** Something has changed that wants a sample of its own: now, or right after the one under way. */
  request(): void {
    if (this.#state === 'ticking') this.#state = 'ticking, then again'
    else if (this.#state === 'waiting') void this.#tick()
  }

  /** A sample was taken, by whomever. */
  noteSample(): void {
    this.#sampled()
    if (this.#state === 'waiting') this.#arm()
  }

  stop(): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
  }

  #sampled(): void {
    this.#residentSet = this.#needs.residentSet()
    this.#due = performance.now() + this.#needs.interval()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const now = performance.now()
    const activity = this.#needs.activity()
    const watch = activity === 'nothing' ? Number.POSITIVE_INFINITY : activity === 'idle' ? watchIdle : watchActive
    const wait = Math.max(1, Math.min(this.#due - now, watch))
    this.#wakeAt = now + wait
    this.#timer = setTimeout(() => this.#wake(), wait).unref()
  }

  #wake(): void {
    const due = performance.now() >= this.#due - 1
    if (due || this.#needs.residentSet() - this.#residentSet > suspicious) void this.#tick()
    else this.#arm()
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer)
    do {
      this.#state = 'ticking'
      await this.#needs.tick()
      // Stopped, or asked for again, while it ran.
    } while (this.#is('ticking, then again'))
    if (this.#is('stopped')) return
    this.#state = 'waiting'
    this.#sampled()
    this.#arm()
  }

  #is(state: string): boolean {
    return this.#state === state
  }
}
