import type { AdviceEvent } from './advice.ts'
import type { ComponentOrigin } from './component-origin.ts'
import type { CrashReason } from './errors.ts'
import type { LoadCause } from './load-cause.ts'
import type { Kept } from './unload-policy.ts'
import type { Ledger } from './ledger.ts'
import type { PressureLevel } from './pressure-level.ts'
import type { UnloadReport } from './unload-report.ts'

/** A load: ms from the decision to load until the component was ready. */
export interface LoadEvent extends ComponentOrigin {
  readonly generation: number
  readonly duration: number
  readonly cause: LoadCause
}

/** A load that came to nothing. */
export interface LoadErrorEvent extends ComponentOrigin {
  readonly generation: number
  readonly error: unknown
}

export interface CrashEvent extends ComponentOrigin {
  readonly generation: number
  readonly reason: CrashReason
  readonly exitCode: number | undefined
  /** With reason 'signal'. */
  readonly signal: string | undefined
  readonly error: unknown
}

export interface PressureEvent {
  readonly level: PressureLevel
  readonly previous: PressureLevel
  readonly usage: number
  readonly limit: number
}

/** Nothing is left to unload, and usage is still above where it should be. */
export interface ExhaustedEvent {
  readonly level: PressureLevel
  /** Bytes that would have to go. */
  readonly missing: number
  readonly kept: readonly Kept[]
}

/** What a coordinator tells of, by event: the arguments of its listeners. */
export interface CoordinatorEvents {
  load: [LoadEvent]
  loadError: [LoadErrorEvent]
  unload: [UnloadReport]
  crash: [CrashEvent]
  pressure: [PressureEvent]
  sample: [Ledger]
  exhausted: [ExhaustedEvent]
  zombie: [ComponentOrigin & { readonly generation: number }]
  advice: [AdviceEvent]
}
