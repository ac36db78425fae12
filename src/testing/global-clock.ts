import { clearImmediate, clearInterval, setImmediate, setInterval } from '../base/timers.ts'
import type { Clock } from '../contract/clock.ts'
import { currentSource } from './timer-source.ts'
import type { TimerSource } from './timer-source.ts'

/** ms of real time between two looks at whether the global timers are others now, while any of them is waited for. */
const lookEvery = 10

/**
 * The clock of the global timers, as they are whenever they are used: with `vi.useFakeTimers()`, jest's or node:test's `mock.timers`, before or after the coordinator
 * was made, they drive what goes by its `clock`; what it waits for moves with it from one to the other. Without fake timers it is the real one. Of node:test's,
 * `Date` has to be mocked as well: without it time passes only where a timer is due, and a warning says so (`SPILLWAY_DATE_NOT_MOCKED`).
 */
export function globalClock(): Clock {
  return new GlobalClock()
}

class GlobalClock implements Clock {
  #source = currentSource()
  #last = this.#source.read()
  #time = 0
  readonly #waiting = new Set<Waiting>()
  #looking: NodeJS.Timeout | undefined

  constructor() {
    warnOf(this.#source)
  }

  now(): number {
    const next = currentSource()
    // What fake timers moved before they went has passed. Of real ones nobody knows when that was.
    if (next.identity === this.#source.identity || this.#source.kind === 'fake') this.#pass(this.#source.read())
    if (next.identity !== this.#source.identity) this.#change(next)
    return this.#time
  }

  setTimeout(callback: () => void, ms: number): Waiting {
    const waiting = new Waiting(this.now() + ms, () => {
      this.#forget(waiting)
      // Where there is no other time to go by, this is what tells it.
      if (this.now() < waiting.due && this.#source.kind === 'timers alone') this.#time = waiting.due
      callback()
    })
    this.#waiting.add(waiting)
    waiting.arm(this.#source, ms)
    this.#looking ??= setInterval(() => this.now(), lookEvery).unref()
    return waiting
  }

  clearTimeout(timer: unknown): void {
    if (!(timer instanceof Waiting) || !this.#waiting.has(timer)) return
    this.now()
    timer.disarm(this.#source)
    this.#forget(timer)
  }

  #pass(reading: number): void {
    this.#time += Math.max(0, reading - this.#last)
    this.#last = reading
  }

  #change(next: TimerSource): void {
    const before = this.#source
    this.#source = next
    this.#last = next.kind === 'fake' ? 0 : next.read()
    // Since they came, which nobody saw, they may have been moved.
    if (next.kind === 'fake') this.#pass(next.read())
    warnOf(next)
    for (const waiting of this.#waiting) {
      waiting.disarm(before)
      const left = waiting.due - this.#time
      // Fake timers would wait until they are moved again.
      if (left <= 0) waiting.fireSoon()
      else waiting.arm(next, left)
    }
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    if (this.#waiting.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }
}

/** What is waited for: by a timer of one source after the other. */
class Waiting {
  /** ms of the clock. */
  readonly due: number
  readonly #fire: () => void
  #timer: unknown
  #turn: NodeJS.Immediate | undefined
  #isRef = true

  constructor(due: number, fire: () => void) {
    this.due = due
    this.#fire = fire
  }

  /** @param left ms. */
  arm(source: TimerSource, left: number): void {
    const timer: unknown = source.setTimeout(() => {
      if (this.#timer === timer) this.#fire()
    }, left)
    this.#timer = timer
    if (!this.#isRef) this.unref()
  }

  fireSoon(): void {
    this.#turn = setImmediate(this.#fire)
  }

  /** @param source that it was armed by. Mocked ones of node:test that are gone have let go of it, and would take another one for it. */
  disarm(source: TimerSource): void {
    clearImmediate(this.#turn)
    if (this.#timer !== undefined && (source.kind === 'real' || source.kind === 'fake'))
      source.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  unref(): this {
    this.#isRef = false
    const { unref } = (this.#timer ?? {}) as { readonly unref?: unknown }
    if (typeof unref === 'function') unref.call(this.#timer)
    return this
  }
}

let isWarned = false

function warnOf({ kind }: TimerSource): void {
  if (kind !== 'timers alone' || isWarned) return
  isWarned = true
  process.emitWarning(
    "globalClock() goes by fake timers that leave Date as it is: time passes only where a timer is due. Fake both: mock.timers.enable({ apis: ['setTimeout', 'Date'] })",
    { type: 'SpillwayWarning', code: 'SPILLWAY_DATE_NOT_MOCKED' },
  )
}
