// Each thread's performance.now() counts from its own start; the system's monotonic clock is one for all of them.
const threadStart = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** ms on the system's monotonic clock: the same in every thread, untouched by changes of the wall clock. Its zero means nothing. */
export function monotonicNow(): number {
  return threadStart + performance.now()
}

/** ms since the epoch of a moment on the monotonic clock, as the wall clock is set now: for what people read. */
export function wallTime(moment: number): number {
  return Date.now() - (monotonicNow() - moment)
}
