import { hrtime } from './timers.ts'

/** ms within which a clock is read twice, with another one read between, when nothing interrupts the thread: it takes less than a microsecond. */
const uninterrupted = 0.01
/** A thread that is interrupted each time, on a machine that is that busy, takes the shortest. */
const tries = 20

/**
 * By how much one clock is ahead of another (ms). The thread may be interrupted between two readings, for 10 ms and more on a busy machine: what counts
 * is the pair that is nearest in time.
 */
export function clockOffset(ahead: () => number, behind: () => number): number {
  let [shortest, offset] = [Number.POSITIVE_INFINITY, 0]
  for (let attempt = 0; attempt < tries && shortest > uninterrupted; attempt++) {
    const before = ahead()
    const between = behind()
    const after = ahead()
    if (after - before >= shortest) continue
    shortest = after - before
    offset = (before + after) / 2 - between
  }
  return offset
}

/**
 * ms on the system's monotonic clock: the same in every thread, untouched by changes of the wall clock. Its zero means nothing. `performance` would take a
 * new thread a millisecond: with it come eleven modules of Node's.
 */
export function monotonicNow(): number {
  const time = hrtime()
  return time[0] * 1_000 + time[1] / 1_000_000
}

/**
 * ms by which the wall clock may be off before it counts as set. Guessed: above the 1 ms by which two readings differ, below what anybody who reads a
 * time would notice.
 */
const tolerance = 10
let offset = clockOffset(Date.now, monotonicNow)

/**
 * ms since the epoch of a moment on the monotonic clock, as the wall clock is set now: for what people read. Whole, and the same for the same moment
 * unless the clock was set.
 */
export function wallTime(moment: number): number {
  if (Math.abs(Date.now() - monotonicNow() - offset) > tolerance) offset = clockOffset(Date.now, monotonicNow)
  return Math.round(moment + offset)
}

/** The same for a moment that somebody waits for by the wall clock: when that shows it, the moment has come, however the two clocks are read. */
export function wallTimeToWaitFor(moment: number): number {
  // Interrupted between the two, the thread makes it later, and not too soon.
  const left = moment - monotonicNow()
  // Date.now() leaves out up to 1 ms.
  return Math.ceil(Date.now() + left) + 1
}
