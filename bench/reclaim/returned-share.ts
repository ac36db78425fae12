import type { UnloadReport } from '../../src/index.ts'
import type { Shape } from './holder.ts'

/** Bytes; `after` by seconds since the unload was done. */
export interface CycleResult {
  readonly shape: Shape
  readonly base: number
  readonly loaded: number
  readonly after: Readonly<Record<number, number>>
  readonly report: UnloadReport
}

/** The share of what loading added that is to be back with the operating system. */
export const enough = 0.95

/** How much of what loading added is back, 0 to 1 and a little more: after that many seconds, or when it was looked at last. */
export function returnedShare({ base, loaded, after }: CycleResult, seconds?: number): number {
  const last = Math.max(...Object.keys(after).map(Number))
  return (loaded - (after[seconds ?? last] ?? Number.NaN)) / (loaded - base)
}
