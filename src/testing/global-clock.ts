import { monotonicNow } from '../base/monotonic.ts'
import { isMocked } from '../base/timers-behind-mocks.ts'
import type { Clock } from '../contract/clock.ts'

/** As sinon's fake timers mark what they replace, which are those of vitest and jest. */
type Fake = { readonly clock?: { readonly now: number } }

/**
 * The clock of the global timers, as they are whenever they are used: with `vi.useFakeTimers()`, jest's or node:test's `mock.timers`, before or after the coordinator
 * was made, they drive what goes by its `clock`. Without fake timers it is the real one.
 */
export function globalClock(): Clock {
  let source: () => number = monotonicNow
  let last = source()
  let time = 0
  return {
    now: () => {
      const now = currentSource()
      const reading = now()
      // From one source to another no time passes, nor does it ever go back.
      if (now === source) time += Math.max(0, reading - last)
      source = now
      last = reading
      return time
    },
    setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer as NodeJS.Timeout),
  }
}

const fakePerformance = (): number => globalThis.performance.now()
const fakeSystemTime = (): number => (globalThis.setTimeout as Fake).clock?.now ?? 0
const mockedDate = (): number => Date.now()

/** What moves with the timers: not the wall clock, if it can be helped, which tests set as they like. */
function currentSource(): () => number {
  const { setTimeout, performance, Date } = globalThis as typeof globalThis & { readonly Date: { isMock?: boolean } }
  if ((setTimeout as Fake).clock) {
    return performance.now === Performance.prototype.now ? fakeSystemTime : fakePerformance
  }
  return isMocked(setTimeout) && Date.isMock === true ? mockedDate : monotonicNow
}
