import type { PressureThresholds } from '../../contract/memory-options.ts'
import type { PressureCause } from '../../contract/pressure-cause.ts'
import { CLEAR_DWELL, MEDIUM_DWELL } from '../tuning.ts'
import { clearShare, thresholdOf } from './pressure.ts'
import type { PressureState } from './pressure.ts'

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
