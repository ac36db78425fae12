import type { PressureThresholds } from '../../contract/memory-options.ts'
import type { PressureLevel } from '../../contract/pressure-level.ts'
import { CLEAR_DWELL, MEDIUM_DWELL } from '../tuning.ts'
import { clearShare, thresholdOf } from './pressure.ts'
import type { PressureState } from './pressure.ts'

/** Why pressure is at its level. Bytes; shares of the limit; times in ms of the clock of the state. */
export type PressureCause = {
  readonly level: PressureLevel
  readonly since: number
  readonly usage: number
  readonly limit: number
  /** What the level is judged by: `usage`, or more where it grows. */
  readonly judged: number
  /** Where the level begins; at low, the one above it. */
  readonly threshold: number
} & (
  | { readonly by: 'usage' | 'forecast'; readonly pending: Pending | undefined }
  /** Usage is below the threshold, and has not been 5 points below it for as long as it takes. */
  | { readonly by: 'clearing'; readonly clearShare: number; readonly dwell: number; readonly clearSince?: number }
  /** A test holds it there. */
  | { readonly by: 'test' }
)

/** The level above has been reached, and is entered when that has lasted. ms. */
interface Pending {
  readonly since: number
  readonly dwell: number
}

/**
 * Why the level is what it is, by the figures it was judged by.
 *
 * @param isHeld a test holds it at this level.
 */
export function pressureCause(state: PressureState, thresholds: PressureThresholds, isHeld = false): PressureCause {
  const { level, since, usage, limit, judged, pendingSince, clearSince } = state
  const threshold = thresholdOf(level === 'low' ? 'medium' : level, thresholds)
  const known = { level, since, usage, limit, judged, threshold }
  if (isHeld) return { ...known, by: 'test' }
  const isReached = (bytes: number): boolean => bytes >= threshold * limit
  const by = !isReached(usage) && isReached(judged) ? 'forecast' : 'usage'
  if (level === 'low') {
    const pending = pendingSince === undefined ? undefined : { since: pendingSince, dwell: MEDIUM_DWELL }
    return { ...known, by, pending }
  }
  if (isReached(judged)) return { ...known, by, pending: undefined }
  const clear = { clearShare: clearShare(threshold), dwell: CLEAR_DWELL }
  const from = clearSince[level]
  return { ...known, by: 'clearing', ...clear, ...(from !== undefined && { clearSince: from }) }
}

/** When the level is left if usage stays as it is; undefined: it is not. */
export function leftAt(cause: PressureCause): number | undefined {
  switch (cause.by) {
    case 'usage':
    case 'forecast':
      return cause.pending && cause.pending.since + cause.pending.dwell
    case 'clearing':
      return cause.clearSince === undefined ? undefined : cause.clearSince + cause.dwell
    case 'test':
      return undefined
  }
}
