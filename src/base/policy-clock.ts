import type { Clock } from '../contract/clock.ts'
import { GuardedClock } from './guarded-clock.ts'
import { monotonicNow, wallTime, wallTimeToWaitFor } from './monotonic.ts'
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from './timers.ts'

/**
 * The clock of what users gave times for: idle times, back-offs, residency, deadlines of calls. What the runtime itself waits for (a worker that is to
 * start, answer or die) goes by the real one.
 */
export interface PolicyClock {
  /** Who gave it moves it as he likes; undefined: it is the real one. */
  readonly given: Clock | undefined
  /** ms. */
  readonly now: () => number
  /**
   * Calls back once `ms` have passed, and what had arrived by then was taken in. It keeps nothing alive.
   *
   * @returns what takes it back.
   */
  readonly after: (ms: number, passed: () => void) => () => void
  /** What this clock showed at a moment of the monotonic clock: what had last been read off it by then. */
  readonly at: (moment: number) => number
  /** ms since the epoch of a moment of this clock, as `wallTime`. */
  readonly wallTime: (moment: number) => number
  /** As `wallTimeToWaitFor`. */
  readonly wallTimeToWaitFor: (moment: number) => number
}

export const realClock: PolicyClock = {
  given: undefined,
  now: monotonicNow,
  after: (ms, passed) =>
    inTurn((wake) => {
      const timer = setTimeout(wake, ms).unref()
      return () => clearTimeout(timer)
    }, passed),
  at: (moment) => moment,
  wallTime,
  wallTimeToWaitFor,
}

/** What was read off a clock, and when first, ms of the monotonic clock. */
interface Reading {
  readonly shown: number
  readonly seenAt: number
}

/** Readings that are remembered. Workers note their last call by the monotonic clock; those who read this one ask for it soon. */
const remembered = 4_096

/**
 * @param given undefined: the real one.
 * @param failed is told once what was wrong with it; from then on it runs as the real one does.
 */
export function policyClock(given: Clock | undefined, failed: (error: unknown) => void): PolicyClock {
  if (!given) return realClock
  const clock = new GuardedClock(given, failed)
  const readings: Reading[] = []
  const now = (): number => {
    const shown = clock.now()
    if (readings.at(-1)?.shown !== shown) readings.push({ shown, seenAt: monotonicNow() })
    if (readings.length > remembered) readings.shift()
    return shown
  }
  /** As if the clock ran as the real one does from now on. */
  const realMomentOf = (moment: number): number => monotonicNow() + moment - now()
  now()
  return {
    given,
    now,
    after: (ms, passed) => inTurn((wake) => clock.after(ms, wake), passed),
    at: (moment) => (readings.findLast(({ seenAt }) => seenAt <= moment) ?? readings[0])?.shown ?? now(),
    wallTime: (moment) => wallTime(realMomentOf(moment)),
    wallTimeToWaitFor: (moment) => wallTimeToWaitFor(realMomentOf(moment)),
  }
}

/** All messages that wait are read between the timers and the immediates of one turn of the event loop. */
function inTurn(begin: (wake: () => void) => () => void, passed: () => void): () => void {
  let turn: NodeJS.Immediate | undefined
  const cancel = begin(() => {
    turn = setImmediate(passed)
  })
  return () => {
    cancel()
    clearImmediate(turn)
  }
}
