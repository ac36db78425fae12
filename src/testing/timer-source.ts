import { monotonicNow } from '../base/monotonic.ts'
import { isMocked } from '../base/timers-behind-mocks.ts'

/** Who the global timers are at a moment: Node, or fake ones that have a time of their own. */
export interface TimerSource {
  /** Other timers have another one. */
  readonly identity: unknown
  /** 'fake': of sinon; 'mock': of node:test; 'timers alone': fake ones without a time that moves with them. */
  readonly kind: 'real' | 'fake' | 'mock' | 'timers alone'
  /** ms. */
  readonly read: () => number
  readonly setTimeout: (callback: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
}

/** As sinon's fake timers mark what they replace, which are those of vitest and jest. */
interface FakeClock {
  readonly hrtime: () => [number, number]
}

export function currentSource(): TimerSource {
  const { setTimeout, clearTimeout, Date } = globalThis as typeof globalThis & { readonly Date: { isMock?: boolean } }
  const timers = {
    identity: setTimeout,
    setTimeout: (callback: () => void, ms: number): unknown => setTimeout(callback, ms),
    clearTimeout: (timer: unknown): void => clearTimeout(timer as NodeJS.Timeout),
  }
  const { clock } = setTimeout as { readonly clock?: FakeClock }
  if (clock) return { ...timers, identity: clock, kind: 'fake', read: () => timeOf(clock) }
  const isLegacyOfJest = '_isMockFunction' in setTimeout
  if (!isMocked(setTimeout) && !isLegacyOfJest) return { ...timers, kind: 'real', read: monotonicNow }
  if (Date.isMock === true) return { ...timers, kind: 'mock', read: () => Date.now() }
  return { ...timers, kind: 'timers alone', read: () => 0 }
}

/** ms since it was made; setting the system time does not change it. */
function timeOf(clock: FakeClock): number {
  const [seconds, nanoseconds] = clock.hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}
