import {
  ANSWER_TIME,
  FASTEST_GROWTH,
  FAST_FILL_TIME,
  LONGEST_LOOK,
  PACE,
  NOTICEABLE,
  SAMPLES_AHEAD,
  SHORTEST_LOOK,
} from '../tuning.ts'
import type { MemoryOptions, PressureThresholds } from '../../contract/memory-options.ts'

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
    if (growsFast(component) || isNearLimit(component)) return Math.min(SHORTEST_LOOK, checkInterval)
    time = Math.min(time, timeToReach(component.total, component.memoryLimit, component.growth))
  }
  return Math.min(Math.max(time / SAMPLES_AHEAD, SHORTEST_LOOK), checkInterval)
}

/** The next threshold above usage (bytes); past all of them, the limit itself. */
function nextThreshold(
  { usage, limit }: Pick<IntervalInput, 'usage' | 'limit'>,
  thresholds: PressureThresholds,
): number {
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

export interface SampleInput extends IntervalInput {
  /** Usage by what has been heard since the last sample. */
  readonly latest: number
  /** ms since then. */
  readonly age: number
  /** When (ms from now) the pressure level changes if usage stays as it is; Infinity: never. */
  readonly untilChange: number
  /** ms after which something has to be looked at again in any case. */
  readonly lookIn: number
}

/** ms from the last sample to the next: at once where usage has changed by what is worth notice, else when the first of all that is expected may be there. */
export function nextSample(input: SampleInput, options: MemoryOptions): number {
  const { usage, latest, limit, age, untilChange, lookIn } = input
  if (Math.abs(latest - usage) > limit * NOTICEABLE) return 1
  return Math.max(1, Math.min(nextInterval(input, options, options.checkInterval), untilChange + age, lookIn))
}

/** Bytes that all together may take before the pressure changes, or the limit is reached; 0 where it has been. */
export function roomLeft(usage: number, limit: number, thresholds: PressureThresholds): number {
  return Math.max(0, nextThreshold({ usage, limit }, thresholds) - usage)
}

/** ms in which a worker can have taken a share of so much room (bytes), at the fastest growth there is: a look that soon misses nothing. */
export function lookWithin(room: number): number {
  return Math.min(LONGEST_LOOK, Math.max(SHORTEST_LOOK, room / FASTEST_GROWTH / SAMPLES_AHEAD))
}

/** So much room (bytes) is not taken between two looks, however fast. */
export const isFar = (room: number): boolean => lookWithin(room) === LONGEST_LOOK

/** ms from one look at a worker that is far from all limits to the next, of so many workers. */
export const lookAtFar = (workers: number): number => Math.max(LONGEST_LOOK, workers * PACE.look)

/** What is there to look at. */
export interface LookInput {
  /** Workers of components. */
  readonly workers: number
  /** Of those that work or may do so at any moment, the least room (bytes) to a limit; undefined: there is nobody like that. */
  readonly room: number | undefined
  /** Requests for memory. */
  readonly waiting: number
}

/** ms to the next look at what has run, which costs next to nothing for what has not; Infinity: nothing can change by itself. */
export function nextLook({ workers, room, waiting }: LookInput): number {
  if (waiting > 0) return SHORTEST_LOOK
  if (workers === 0) return Number.POSITIVE_INFINITY
  // The resident set is read no more often than that, and all rest.
  return room === undefined ? ANSWER_TIME : lookWithin(room)
}
