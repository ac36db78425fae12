import { WORTH_GIVING_UP } from '../tuning.ts'
import type { UnloadCandidate, UnloadTrigger } from '../../contract/unload-policy.ts'

/** A measured size that makes no sense frees nothing. */
export const bytesOf = (candidate: UnloadCandidate): number => (candidate.bytes > 0 ? candidate.bytes : 0)

/**
 * The price of a component's room: what a byte saves by being kept, in ms of loading for each ms of keeping
 * (`CallGaps.keepValue` times the reload cost, for each byte). One that has never been called is worth nothing.
 */
export function worthOf(candidate: UnloadCandidate): number {
  const worth = ((candidate.gaps?.keepValue(candidate.idleTime) ?? 0) * candidate.reloadCost) / bytesOf(candidate)
  return Number.isFinite(worth) ? worth : 0
}

/** Something idle that has its price. */
export interface Priced {
  readonly bytes: number
  readonly worth: number
  /** It stays whatever its price. */
  readonly stays: boolean
}

/**
 * The most that something may be worth to go in a round at this level: little compared with the usual byte (the median:
 * a few busy ones do not make all others look worthless), and no more than what stays beside it because it has not been
 * idle for long enough. Going beyond that would give up what the price keeps, and keep what it gives up. At critical
 * all may go.
 */
export function giveUpBelow(idle: readonly Priced[], trigger: UnloadTrigger): number {
  if (trigger !== 'medium' && trigger !== 'high') return Number.POSITIVE_INFINITY
  const ascending = idle.toSorted((a, b) => a.worth - b.worth)
  let left = ascending.reduce((sum, { bytes }) => sum + bytes, 0) / 2
  const median = ascending.find(({ bytes }) => (left -= bytes) <= 0)?.worth ?? 0
  const least = ascending.find(({ stays }) => stays)?.worth ?? Number.POSITIVE_INFINITY
  return Math.min(WORTH_GIVING_UP[trigger] * median, least)
}
