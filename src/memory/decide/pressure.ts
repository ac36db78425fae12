import type { PressureThresholds } from '../../contract/memory-options.ts'
import type { PressureLevel } from '../../contract/pressure-level.ts'
import { CLEAR_DWELL, CLEAR_MARGIN, MEDIUM_DWELL } from '../tuning.ts'

/** From least to most. */
export const levels = ['low', 'medium', 'high', 'critical'] as const satisfies readonly PressureLevel[]
type RaisedLevel = Exclude<PressureLevel, 'low'>
/** What has a threshold of its own: the three raised levels, and the zone in which components are asked to trim. */
type Zone = 'trim' | RaisedLevel

/** One measurement: `usage` and `limit` in bytes, `growth` in bytes/ms, `time` and `unloadTime` in ms. */
export interface PressureInput {
  /** Of a monotonic clock. */
  readonly time: number
  /** Accounted bytes: main thread, workers, reservations. */
  readonly usage: number
  readonly limit: number
  /** Measured growth of `usage`; what shrinks counts as 0. Default 0. */
  readonly growth?: number
  /** How long an unload takes, as measured: the horizon of the prediction. Default 0. */
  readonly unloadTime?: number
}

/**
 * The state of the pressure machine. `level` is what callers see; the rest is what the next step needs.
 */
export interface PressureState {
  readonly level: PressureLevel
  /** When `level` was entered (ms, the clock of the inputs). */
  readonly since: number
  /** At or above lowThreshold: components are asked to trim and spare workers go, nothing is unloaded. */
  readonly trim: boolean
  /** What the level was judged by (bytes): the usage that was measured, or more where it grows. */
  readonly judged: number
  /** What was measured (bytes), and of how much. */
  readonly usage: number
  readonly limit: number
  /** Since when usage has been at or above mediumThreshold without a break, while the level is low. */
  readonly pendingSince: number | undefined
  /** Since when usage has been clear of each zone's threshold (5 points below it) without a break. */
  readonly clearSince: Readonly<Record<Zone, number | undefined>>
}

export function initialPressure(time = 0): PressureState {
  return {
    level: 'low',
    since: time,
    trim: false,
    judged: 0,
    usage: 0,
    limit: 0,
    pendingSince: undefined,
    clearSince: { trim: undefined, medium: undefined, high: undefined, critical: undefined },
  }
}

/** True when `level` is `least` or worse. */
export const isAtLeast = (level: PressureLevel, least: PressureLevel): boolean =>
  levels.indexOf(level) >= levels.indexOf(least)

/** The share of the limit below which usage is clear of `threshold`. Halves where 5 points would leave nothing. */
export const clearShare = (threshold: number): number => threshold - Math.min(CLEAR_MARGIN, threshold / 2)

/** What usage will be (bytes) by the time an unload that starts now has finished. */
export const predictUsage = (input: PressureInput): number =>
  input.usage + Math.max(0, input.growth ?? 0) * Math.max(0, input.unloadTime ?? 0)

/**
 * The next state of the pressure machine.
 *
 * The level is judged by predicted usage (`predictUsage`), so growth that reaches a level before an unload could finish
 * counts as that level now.
 * - Up: high and critical at once, over any number of levels; medium after MEDIUM_DWELL at or above its threshold.
 * - Down: a level is left once usage has been clear of its threshold for CLEAR_DWELL without a break. Every level has
 *   its own clear timer, so usage that fell far goes straight down to the first level that it has not been clear of for
 *   that long.
 * - `trim` follows lowThreshold: on at once, off like a level.
 *
 * Between two inputs usage is taken to stay what the earlier one said. Thresholds may differ from step to step.
 */
export function stepPressure(
  state: PressureState,
  input: PressureInput,
  thresholds: PressureThresholds,
): PressureState {
  const { time } = input
  const judged = predictUsage(input)
  const share = shareOf(judged, input.limit)
  const reached = levelOf(share, thresholds)

  const clearSince = {
    trim: clearTimer('trim', thresholds.lowThreshold),
    medium: clearTimer('medium', thresholds.mediumThreshold),
    high: clearTimer('high', thresholds.highThreshold),
    critical: clearTimer('critical', thresholds.criticalThreshold),
  }
  function clearTimer(zone: Zone, threshold: number): number | undefined {
    return share < clearShare(threshold) ? (state.clearSince[zone] ?? time) : undefined
  }
  const hasCleared = (zone: Zone): boolean => {
    const since = clearSince[zone]
    return since !== undefined && time >= since + CLEAR_DWELL
  }

  const trim = share >= thresholds.lowThreshold || (state.trim && !hasCleared('trim'))
  const pendingSince = state.level === 'low' && isAtLeast(reached, 'medium') ? (state.pendingSince ?? time) : undefined

  const level = nextLevel()
  function nextLevel(): PressureLevel {
    if (isAtLeast(reached, 'high') && isAtLeast(reached, state.level)) return reached
    if (state.level === 'low') {
      return pendingSince !== undefined && time >= pendingSince + MEDIUM_DWELL ? 'medium' : 'low'
    }
    let left: PressureLevel = state.level
    while (left !== 'low' && hasCleared(left)) left = below(left)
    return left
  }

  return {
    level,
    since: level === state.level ? state.since : time,
    trim,
    judged,
    usage: input.usage,
    limit: input.limit,
    pendingSince: level === 'low' ? pendingSince : undefined,
    clearSince,
  }
}

/**
 * When the level (or `trim`) changes next if usage stays as it is (ms, the clock of the inputs): when to measure again
 * at the latest. Undefined when nothing is pending.
 */
export function nextPressureChange(state: PressureState): number | undefined {
  const times: number[] = []
  if (state.pendingSince !== undefined) times.push(state.pendingSince + MEDIUM_DWELL)
  const levelClear = state.level === 'low' ? undefined : state.clearSince[state.level]
  if (levelClear !== undefined) times.push(levelClear + CLEAR_DWELL)
  if (state.trim && state.clearSince.trim !== undefined) times.push(state.clearSince.trim + CLEAR_DWELL)
  return times.length === 0 ? undefined : Math.min(...times)
}

/**
 * How many bytes a round at `level` has to free: down to 5 points under the threshold of that level, counted from
 * predicted usage. 0 at low, where nothing is unloaded.
 */
export function bytesToFree(level: PressureLevel, input: PressureInput, thresholds: PressureThresholds): number {
  if (level === 'low') return 0
  return Math.max(0, Math.round(predictUsage(input) - clearShare(thresholdOf(level, thresholds)) * input.limit))
}

/** How many bytes would have to go at a level that may not be the `current` one: then usage is taken to be at its threshold at least. */
export function bytesToFreeAt(
  level: PressureLevel,
  current: PressureLevel,
  input: PressureInput,
  thresholds: PressureThresholds,
): number {
  if (level === current || level === 'low') return bytesToFree(level, input, thresholds)
  const threshold = thresholdOf(level, thresholds)
  return Math.round(Math.max(input.usage, threshold * input.limit) - clearShare(threshold) * input.limit)
}

/** The share of the limit from which on it is that level. */
export function thresholdOf(level: RaisedLevel, thresholds: PressureThresholds): number {
  switch (level) {
    case 'medium':
      return thresholds.mediumThreshold
    case 'high':
      return thresholds.highThreshold
    case 'critical':
      return thresholds.criticalThreshold
  }
}

function levelOf(share: number, thresholds: PressureThresholds): PressureLevel {
  if (share >= thresholds.criticalThreshold) return 'critical'
  if (share >= thresholds.highThreshold) return 'high'
  if (share >= thresholds.mediumThreshold) return 'medium'
  return 'low'
}

const below = (level: RaisedLevel): PressureLevel => levels[levels.indexOf(level) - 1] ?? 'low'

/** A limit of 0 or less is no budget at all: everything is over it. */
const shareOf = (usage: number, limit: number): number => (limit > 0 ? usage / limit : Number.POSITIVE_INFINITY)
