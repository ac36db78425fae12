import { LONGEST_RESIDENCY, RAPID_RELOAD, THRASHING_RELOADS } from '../tuning.ts'

const MOST_RAISES = 1 + Math.ceil(Math.log2(LONGEST_RESIDENCY / RAPID_RELOAD))

/** What is remembered of a component's unloads and reloads. It outlives its workers. Times in ms, a monotonic clock. */
export interface ResidencyState {
  /** How often the minimum residency was raised, less what has been forgotten by `raisedAt`. */
  readonly raises: number
  readonly raisedAt: number
  /** When it was last unloaded automatically, while it has not been loaded since. */
  readonly unloadedAt: number | undefined
}

export const initialResidency: ResidencyState = { raises: 0, raisedAt: 0, unloadedAt: undefined }

/**
 * After an automatic unload: pressure, or room for another load. One asked for by name is no mistake of ours and is not
 * noted.
 */
export const residencyAfterUnload = (state: ResidencyState, time: number): ResidencyState => ({
  ...state,
  unloadedAt: time,
})

/** True when a load at `time` undoes an unload of the last 60 s. */
export const isRapidReload = (state: ResidencyState, time: number): boolean =>
  state.unloadedAt !== undefined && time - state.unloadedAt <= RAPID_RELOAD

export function residencyAfterLoad(state: ResidencyState, time: number): ResidencyState {
  if (!isRapidReload(state, time)) return { ...state, unloadedAt: undefined }
  const raises = Math.min(MOST_RAISES, raisesAt(state, time) + 1)
  return { raises, raisedAt: time, unloadedAt: undefined }
}

/**
 * How long (ms) the component has to stay loaded before it may be unloaded automatically: 0 until it has been reloaded
 * within 60 s of an unload, then 60 s, doubling with each further time up to 15 min. Every 15 min without one takes a
 * doubling back.
 */
export function minResidency(state: ResidencyState, time: number): number {
  const raises = raisesAt(state, time)
  return raises === 0 ? 0 : Math.min(LONGEST_RESIDENCY, RAPID_RELOAD * 2 ** (raises - 1))
}

function raisesAt(state: ResidencyState, time: number): number {
  return Math.max(0, state.raises - Math.floor(Math.max(0, time - state.raisedAt) / LONGEST_RESIDENCY))
}

/** The rapid reloads of the last minute, of all components, oldest first. */
export type ChurnWindow = readonly { readonly time: number; readonly bytes: number; readonly name: string }[]

export const emptyChurn: ChurnWindow = []

export const addRapidReload = (window: ChurnWindow, time: number, bytes: number, name: string): ChurnWindow => [
  ...recent(window, time),
  { time, bytes, name },
]

/** Loads and bytes that were loaded again within 60 s of their unload, during the last minute; and of whom, the most often first. */
export function churn(window: ChurnWindow, time: number): { loads: number; bytes: number; names: string[] } {
  const reloads = recent(window, time)
  const times = new Map<string, number>()
  for (const { name } of reloads) times.set(name, (times.get(name) ?? 0) + 1)
  return {
    loads: reloads.length,
    bytes: reloads.reduce((sum, reload) => sum + reload.bytes, 0),
    names: [...times].sort(([, a], [, b]) => b - a).map(([name]) => name),
  }
}

/** True while the last minute saw at least three rapid reloads: what is asked for does not fit. */
export const isThrashing = (window: ChurnWindow, time: number): boolean =>
  recent(window, time).length >= THRASHING_RELOADS

const recent = (window: ChurnWindow, time: number): ChurnWindow =>
  window.filter((reload) => time - reload.time < RAPID_RELOAD)
