// Each thread's performance.now() counts from its own start; the system's monotonic clock is one for all of them.
const threadStart = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** ms on the system's monotonic clock: the same in every thread, untouched by changes of the wall clock. Its zero means nothing. */
export function monotonicNow(): number {
  return threadStart + performance.now()
}

/**
 * ms by which the wall clock may be off before it counts as set. Guessed: above the 1 ms by which two readings differ, below what anybody who reads a
 * time would notice.
 */
const tolerance = 10
let offset = Date.now() - monotonicNow()

/**
 * ms since the epoch of a moment on the monotonic clock, as the wall clock is set now: for what people read. Whole, and the same for the same moment
 * unless the clock was set.
 */
export function wallTime(moment: number): number {
  const now = Date.now() - monotonicNow()
  if (Math.abs(now - offset) > tolerance) offset = now
  return Math.round(moment + offset)
}

/** The same for a moment that somebody waits for by the wall clock: when that shows it, the moment has come, however the two clocks are read. */
export function wallTimeToWaitFor(moment: number): number {
  // Date.now() leaves out up to 1 ms.
  return Math.ceil(Date.now() + moment - monotonicNow()) + 1
}
