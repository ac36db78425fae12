import { describeValue } from '../contract/describe-value.ts'
import type { Clock } from '../contract/clock.ts'
import { monotonicNow } from './monotonic.ts'
import { clearTimeout, setTimeout } from './timers.ts'

/** ms; setTimeout takes no more. */
const longest = 2 ** 31 - 1

interface Wait {
  /** ms of this clock. */
  readonly at: number
  readonly wake: () => void
  cancel: () => void
}

/**
 * A clock of the program's, which is asked from the midst of what the runtime does. Nothing that it throws goes further, nor what is no time: from its
 * first failure on this one runs as the real one does, from the last good time on, and what was waited for is waited for by that.
 */
export class GuardedClock {
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void
  readonly #waiting = new Set<Wait>()
  #last = Number.NEGATIVE_INFINITY
  /** ms by which it is ahead of the monotonic clock; undefined: it is the given one. */
  #ahead: number | undefined

  /** @param failed is called once, with what was wrong. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock
    this.#failed = failed
  }

  /** ms; it never goes back. */
  now(): number {
    if (this.#ahead === undefined) {
      try {
        this.#last = Math.max(this.#last, timeOf(this.#clock))
        return this.#last
      } catch (error) {
        this.#fail(error)
      }
    }
    return monotonicNow() + (this.#ahead ?? 0)
  }

  /** Calls back once, when `ms` have passed; it keeps nothing alive. Returns what takes it back. */
  after(ms: number, wake: () => void): () => void {
    const wait: Wait = { at: this.now() + ms, wake, cancel: () => {} }
    this.#waiting.add(wait)
    this.#arm(wait, ms)
    return () => {
      if (this.#waiting.delete(wait)) wait.cancel()
    }
  }

  #arm(wait: Wait, ms: number): void {
    const isGiven = this.#ahead === undefined
    const fire = (): void => {
      if (isGiven === (this.#ahead === undefined) && this.#waiting.delete(wait)) wait.wake()
    }
    if (!isGiven) {
      const timer = setTimeout(fire, Math.min(ms, longest)).unref()
      wait.cancel = () => clearTimeout(timer)
      return
    }
    const clock = this.#clock
    this.#try(() => {
      const timer = clock.setTimeout(fire, ms)
      letProcessEnd(timer)
      wait.cancel = () => this.#try(() => clock.clearTimeout(timer))
    })
  }

  #try(use: () => void): void {
    try {
      use()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#ahead !== undefined) return
    this.#ahead = (Number.isFinite(this.#last) ? this.#last : 0) - monotonicNow()
    for (const wait of this.#waiting) {
      wait.cancel()
      this.#arm(wait, Math.max(0, wait.at - this.now()))
    }
    this.#failed(error)
  }
}

/** @throws what the clock throws; TypeError where it shows no time. */
export function timeOf(clock: Clock): number {
  const time: unknown = clock.now()
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw new TypeError(`now() of the clock has to be a finite number of ms, and is ${describeValue(time)}`)
}

/** As timers of Node, and of those who stand in for them, are told. */
function letProcessEnd(timer: unknown): void {
  const { unref } = (timer ?? {}) as { readonly unref?: unknown }
  if (typeof unref === 'function') unref.call(timer)
}
