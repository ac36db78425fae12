import type { PressureLevel } from './pressure-level.ts'

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
