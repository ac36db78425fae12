import { realClock } from '../base/policy-clock.ts'
import type { PolicyClock } from '../base/policy-clock.ts'

/** ms; setTimeout takes no more. */
const longest = 2 ** 31 - 1

/** One timer for many things that have to be looked at: it is set for the earliest. Keeps nothing alive. */
export class NextLook {
  readonly #look: () => void
  readonly #clock: PolicyClock
  #cancel: () => void = () => {}
  #at = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(look: () => void, clock: PolicyClock = realClock) {
    this.#look = look
    this.#clock = clock
  }

  /** Looks in `ms`, unless it does so earlier. Infinity: nothing asks for it. */
  within(ms: number): void {
    const at = this.#clock.now() + ms
    if (this.#stopped || at >= this.#at) return
    this.#cancel()
    this.#at = at
    // What has arrived is taken in first: answers, and calls.
    this.#cancel = this.#clock.after(Math.min(ms, longest), () => this.now())
  }

  now(): void {
    if (this.#stopped) return
    this.#at = Number.POSITIVE_INFINITY
    this.#look()
  }

  /** For good. */
  stop(): void {
    this.#stopped = true
    this.#cancel()
  }
}
