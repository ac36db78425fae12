import type { CrashReason } from './errors.ts'

/** What was held at a time (ms of a monotonic clock), bytes. */
export interface Held {
  readonly time: number
  readonly bytes: number
}

/** Growth that is retained after garbage was collected. Bytes and ms. */
export interface Leak {
  /** Bytes/ms. */
  readonly pace: number
  /** When it began, as far as is known: ms of a monotonic clock. */
  readonly since: number
  /** What was left after the last collection, and after an earlier one. */
  readonly retained: Held
  readonly before: Held
  /** How much more that is than before it grew. */
  readonly grown: number
}

/** How a worker came to its end. */
export type LeakEnd = CrashReason | 'unloaded'

/** A component that grows and keeps it. Bytes; times in ms of the monotonic clock. */
export interface GrowingComponent extends Leak {
  readonly kind: 'grows'
  /** Which of its copies, where it has several. */
  readonly copy: string
  /** What that may still take before its limit, or the total one, is reached. */
  readonly room: number
}

/** One that did until its worker was gone. */
export interface GrownComponent {
  readonly kind: 'grew'
  readonly copy: string
  readonly grown: number
  /** Its garbage was collected, and it was left; otherwise nobody knows whether it was garbage. */
  readonly isProven: boolean
  readonly since: number
  readonly endedAt: number
  readonly how: LeakEnd
}

export type GrowthFinding = GrowingComponent | GrownComponent
