import { collectGarbage } from './collect-garbage.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { setTimeout } from '../base/timers.ts'

/** ms without a call before garbage is collected: whoever calls one after the other is not stopped for it. Guessed. */
const pause = 1_000
/** Of a thread's time at most 1/50 goes into it; guessed. */
const share = 50
/** ms between two collections, at least. Guessed. */
const interval = 10_000

/**
 * A callback keeps its component in use until nobody holds it any more, which only a garbage collection finds out; and a thread that has nothing to do
 * never collects its garbage. So that is asked for once a component that was given callbacks has nothing to do.
 */
export class ForgottenCallbacks {
  readonly #isIdle: () => boolean
  #given = false
  #notBefore = 0
  #timer: NodeJS.Timeout | undefined

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle
  }

  /** A callback has come in. */
  given(): void {
    this.#given = true
  }

  /** The last call under way is over. */
  idle(): void {
    if (!this.#given || this.#timer) return
    const wait = Math.max(pause, this.#notBefore - monotonicNow())
    this.#timer = setTimeout(() => this.#collect(), wait).unref()
  }

  #collect(): void {
    this.#timer = undefined
    // Told again when it is idle again.
    if (!this.#isIdle()) return
    this.#given = false
    const start = monotonicNow()
    collectGarbage('major')
    const end = monotonicNow()
    this.#notBefore = end + Math.max(interval, share * (end - start))
  }
}
