import type { AdviceEvent } from './advice.ts'
import type { AutomaticDecision } from './automatic-decision.ts'
import type { ComponentOrigin } from './component-origin.ts'
import type { CrashReason } from './errors.ts'
import type { LoadCause } from './load-cause.ts'
import type { Kept } from './unload-policy.ts'
import type { Ledger } from './ledger.ts'
import type { PressureLevel } from './pressure-level.ts'
import type { PressureReason } from './pressure-reason.ts'
import type { UnloadReport } from './unload-report.ts'

/** A load that shows an unload to have been a mistake: it came within 60 s of one that was for want of memory (reasons 'pressure', 'admission', 'family'). */
export interface Regret {
  /** ms since that unload. */
  readonly ago: number
  /** What was unloaded. */
  readonly generation: number
  /** The same as one sentence. */
  readonly why: string
}

/** A load: ms from the decision to load until the component was ready. */
export interface LoadEvent extends ComponentOrigin {
  readonly generation: number
  readonly duration: number
  readonly cause: LoadCause
  /** null: it was not unloaded just before, or somebody had asked for that. */
  readonly regret: Regret | null
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
  /** With reason 'memory-limit': what it was decided by that its worker was ended; else null. */
  readonly decision: AutomaticDecision | null
  /** The same as one sentence. */
  readonly why: string | null
}

/** The level has changed. Bytes; `until` in epoch ms. */
export interface PressureEvent extends Pick<PressureReason, 'by' | 'judged' | 'until'> {
  readonly level: PressureLevel
  readonly previous: PressureLevel
  readonly usage: number
  readonly limit: number
  /** Why, as one sentence. */
  readonly why: string
}

/**
 * Nothing could be unloaded, whoever asked for its room, and usage is above where it should be: all that is loaded is pinned, has been in use for 5 s, or is needed by such. What only rules of the level keep (idle floors, residency,
 * price, priority) could go: then nothing is told.
 */
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
