import type { PressureLevel } from '../component/define.ts'
import type { Ledger } from './account/ledger.ts'
import type { UnloadPlan } from './decide/plan.ts'

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
  readonly kept: UnloadPlan['kept']
}

/** Whom the manager tells. */
export interface MemoryEvents {
  sample(ledger: Ledger): void
  pressure(event: PressureEvent): void
  exhausted(event: ExhaustedEvent): void
}
