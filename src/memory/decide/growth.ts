import type { PressureThresholds } from './pressure.ts'

/** The shortest interval between samples, ms. */
export const MIN_INTERVAL = 25
/**
 * A component grows fast when it would fill its whole memoryLimit from nothing within this time (ms) at its measured
 * rate.
 */
export const FAST_FILL_TIME = 10_000
/** Of the measured time to a threshold, this many samples are taken before it is reached. */
const SAMPLES_AHEAD = 4
/** Samples kept: five slopes, enough for a median that two odd samples in a row do not move. */
const KEPT = 6
/** ms between samples that are kept: a component allocates in steps, and what is between two of them is no rest. */
const SPACING = 15

/** The last few measurements of one series (a component, the main thread, the whole): `time` in ms, `bytes`. */
export type GrowthWindow = readonly { readonly time: number; readonly bytes: number }[]

export const emptyGrowth: GrowthWindow = []

/**
 * Adds a measurement. It replaces the last where that is less than 15 ms after the one before it, or not earlier, so a slope never divides by zero.
 * Start again with `emptyGrowth` after a load or an unload: the jump is no growth.
 */
export function addGrowthSample(window: GrowthWindow, time: number, bytes: number): GrowthWindow {
  const last = window.at(-1)
  const before = window.at(-2)
  const replaces =
    last !== undefined && (time <= last.time || (before !== undefined && last.time - before.time < SPACING))
  const kept = replaces ? window.slice(0, -1) : window
  return [...kept.slice(-(KEPT - 1)), { time: Math.max(time, kept.at(-1)?.time ?? time), bytes }]
}

/**
 * The steepest growth that the window shows (bytes/ms, at least 0): of the last two samples and of the whole window,
 * the larger. It errs to the high side: use it to decide when to look again, which costs little.
 */
export function peakGrowth(window: GrowthWindow): number {
  const last = window.at(-1)
  const previous = window.at(-2)
  const first = window.at(0)
  if (last === undefined || previous === undefined || first === undefined) return 0
  return Math.max(0, slope(previous, last), slope(first, last))
}

/**
 * Growth that has lasted (bytes/ms, at least 0): the lower median of the slopes between neighbouring samples, 0 with
 * fewer than three. One allocation, one collection or one late sample does not move it: use it to predict a pressure
 * level, where a false alarm unloads something. With samples every 25 ms it follows a real change within 75 ms.
 */
export function sustainedGrowth(window: GrowthWindow): number {
  const slopes: number[] = []
  for (let i = 1; i < window.length; i++) {
    const from = window[i - 1]
    const to = window[i]
    if (from !== undefined && to !== undefined) slopes.push(slope(from, to))
  }
  if (slopes.length < 3) return 0
  slopes.sort((a, b) => a - b)
  return Math.max(0, slopes[Math.floor((slopes.length - 1) / 2)] ?? 0)
}

/** The sample with the fewest bytes, the first of several; undefined in an empty window. */
export const lowest = (window: GrowthWindow): GrowthWindow[number] | undefined =>
  window.toSorted((a, b) => a.bytes - b.bytes)[0]

function slope(from: { time: number; bytes: number }, to: { time: number; bytes: number }): number {
  return to.time > from.time ? (to.bytes - from.bytes) / (to.time - from.time) : 0
}

/** What one component adds to the choice of an interval: bytes, growth in bytes/ms. */
export interface ComponentGrowth {
  readonly total: number
  readonly memoryLimit: number
  /** `peakGrowth` of its own window. */
  readonly growth: number
}

export interface IntervalInput {
  readonly usage: number
  readonly limit: number
  /** `peakGrowth` of usage, bytes/ms. */
  readonly growth: number
  readonly components: readonly ComponentGrowth[]
}

export const growsFast = (component: ComponentGrowth): boolean =>
  component.growth * FAST_FILL_TIME >= component.memoryLimit

/** At half of its limit or more, the rest can be filled by one burst between two slow samples. */
export const isNearLimit = (component: ComponentGrowth): boolean => component.total >= component.memoryLimit / 2

/**
 * The time to the next sample (ms): the time until usage reaches its next threshold, or a component its memoryLimit, at
 * the measured growth, divided by 4; at least 25 ms, at most `checkInterval`. 25 ms while a component grows fast or is
 * within half of its limit.
 */
export function nextInterval(input: IntervalInput, thresholds: PressureThresholds, checkInterval: number): number {
  let time = timeToReach(input.usage, nextThreshold(input, thresholds), input.growth)
  for (const component of input.components) {
    if (growsFast(component) || isNearLimit(component)) return Math.min(MIN_INTERVAL, checkInterval)
    time = Math.min(time, timeToReach(component.total, component.memoryLimit, component.growth))
  }
  return Math.min(Math.max(time / SAMPLES_AHEAD, MIN_INTERVAL), checkInterval)
}

/** The next threshold above usage (bytes); past all of them, the limit itself. */
function nextThreshold({ usage, limit }: IntervalInput, thresholds: PressureThresholds): number {
  const shares = [
    thresholds.lowThreshold,
    thresholds.mediumThreshold,
    thresholds.highThreshold,
    thresholds.criticalThreshold,
  ]
  return (shares.find((share) => share * limit > usage) ?? 1) * limit
}

function timeToReach(bytes: number, target: number, growth: number): number {
  if (growth <= 0) return Number.POSITIVE_INFINITY
  return Math.max(0, target - bytes) / growth
}
