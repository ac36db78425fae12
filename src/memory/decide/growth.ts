import { KEPT_SAMPLES, SHORTEST_LOOK } from '../tuning.ts'

/** The last few measurements of one series (a component, the main thread, the whole): `time` in ms, `bytes`. */
export type GrowthWindow = readonly { readonly time: number; readonly bytes: number }[]

export const emptyGrowth: GrowthWindow = []

/**
 * Adds a measurement. It replaces the last where that is too soon after the one before it, or not earlier, so a slope never divides by zero.
 * Start again with `emptyGrowth` after a load or an unload: the jump is no growth.
 */
export function addGrowthSample(window: GrowthWindow, time: number, bytes: number): GrowthWindow {
  const last = window.at(-1)
  const before = window.at(-2)
  const replaces =
    last !== undefined && (time <= last.time || (before !== undefined && last.time - before.time < SHORTEST_LOOK / 2))
  const kept = replaces ? window.slice(0, -1) : window
  return [...kept.slice(-(KEPT_SAMPLES - 1)), { time: Math.max(time, kept.at(-1)?.time ?? time), bytes }]
}

/** It is known to be as it was at the last sample. The end of a window in which nothing has changed moves along; any other gets one more sample. */
export function confirmGrowthSample(window: GrowthWindow, time: number): GrowthWindow {
  const last = window.at(-1)
  if (!last) return window
  if (window.length < KEPT_SAMPLES || window.some(({ bytes }) => bytes !== last.bytes))
    return addGrowthSample(window, time, last.bytes)
  return [...window.slice(0, -1), { time: Math.max(time, last.time), bytes: last.bytes }]
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
