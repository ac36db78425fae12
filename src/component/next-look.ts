import { monotonicNow } from '../base/monotonic.ts'
import { setTimeout, clearTimeout, setImmediate, clearImmediate } from '../base/timers.ts'

/** ms; setTimeout takes no more. */
const longest = 2 ** 31 - 1

/** One timer for many things that have to be looked at: it is set for the earliest. Keeps nothing alive. */
export class NextLook {
  readonly #look: () => void
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined
  #at = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(look: () => void) {
    this.#look = look
  }

  /** Looks in `ms`, unless it does so earlier. Infinity: nothing asks for it. */
  within(ms: number): void {
    const at = monotonicNow() + ms
    if (this.#stopped || at >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    // What has arrived is taken in first: answers, and calls.
    this.#timer = setTimeout(
      () => {
        this.#turn = setImmediate(() => this.now())
      },
      Math.min(ms, longest),
    ).unref()
  }

  now(): void {
    if (this.#stopped) return
    this.#at = Number.POSITIVE_INFINITY
    this.#look()
  }

  /** For good. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
  }
}
