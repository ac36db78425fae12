import type { PressureLevel } from './pressure-level.ts'

/** Why pressure is at its level. Bytes; times in epoch ms. */
export interface PressureReason {
  readonly level: PressureLevel
  /** When the level was entered. */
  readonly since: number
  /**
   * 'usage': what is used is at the level's threshold or above (at low: below that of medium). 'forecast': it is not, but is predicted to be before an unload could be over.
   * 'held': it is below by now, and the level is held until usage has been 5 points below for 30 s; or a test holds it.
   */
  readonly by: 'usage' | 'forecast' | 'held'
  /** What the level is judged by: what was measured, or more where it grows. */
  readonly judged: number
  /** When the level is left if usage stays as it is; null: it is not. */
  readonly until: number | null
  /** The same as one sentence. */
  readonly words: string
}
