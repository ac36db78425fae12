import { LONGEST_LOOK } from '../tuning.ts'
import { monotonicNow } from '../../base/monotonic.ts'
import { setTimeout, clearTimeout } from '../../base/timers.ts'

export interface SamplingNeeds {
  /** ms from the last sample to the next, by what is known now. */
  interval(): number
  /** Asks what has run for its figures. Returns false where all rest, and nothing of what `interval` and `watch` say has changed. */
  look(): boolean
  /** ms to the next look; Infinity: nothing can change by itself. */
  watch(): number
  /** Takes a sample and acts on it. */
  tick(): Promise<void>
}

/**
 * Decides when to sample: when the measured growth asks for it, and when something happened. Between samples it looks, which costs next to
 * nothing: only what has run since is asked for its figures. Its timer never keeps the process alive.
 */
export class SamplingLoop {
  readonly #needs: SamplingNeeds
  #timer: NodeJS.Timeout | undefined
  #wakeAt = Number.POSITIVE_INFINITY
  #sampledAt = monotonicNow()
  /** ms, as they were when anything had changed last; undefined: something has changed since. */
  #plan: { readonly interval: number; readonly watch: number } | undefined
  #state: 'waiting' | 'ticking' | 'ticking, then again' | 'stopped' = 'waiting'

  constructor(needs: SamplingNeeds) {
    this.#needs = needs
    // What is due then is a question for then: a program that starts has other things to do.
    this.#arm(LONGEST_LOOK)
  }

  /** Something has changed, or begun to work: the next look is at most so many ms away. */
  poke(within: number): void {
    this.#plan = undefined
    if (this.#state === 'waiting' && this.#wakeAt > monotonicNow() + within) this.#arm(within)
  }

  /** Something has changed that wants a sample of its own: now, or right after the one under way. */
  request(): void {
    if (this.#state === 'ticking') this.#state = 'ticking, then again'
    else if (this.#state === 'waiting') void this.#tick()
  }

  /** A sample was taken, by whomever. */
  noteSample(): void {
    this.#sampledAt = monotonicNow()
  }

  stop(): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
  }

  /** ms to the next sample, and to the next look. */
  #ahead(): { readonly sample: number; readonly look: number } {
    this.#plan ??= { interval: this.#needs.interval(), watch: this.#needs.watch() }
    return { sample: this.#sampledAt + this.#plan.interval - monotonicNow(), look: this.#plan.watch }
  }

  #arm(wait: number): void {
    clearTimeout(this.#timer)
    this.#wakeAt = monotonicNow() + Math.max(1, wait)
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, wait)).unref()
  }

  #wake(): void {
    if (this.#needs.look()) this.#plan = undefined
    const { sample, look } = this.#ahead()
    // Timers may fire a fraction early.
    if (sample <= 1) void this.#tick()
    else this.#arm(Math.min(sample, look))
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer)
    do {
      this.#state = 'ticking'
      this.#sampledAt = monotonicNow()
      await this.#needs.tick()
      // Stopped, or asked for again, while it ran.
    } while (this.#is('ticking, then again'))
    if (this.#is('stopped')) return
    this.#state = 'waiting'
    this.#plan = undefined
    const { sample, look } = this.#ahead()
    this.#arm(Math.min(sample, look))
  }

  #is(state: string): boolean {
    return this.#state === state
  }
}
