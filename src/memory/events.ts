import type { ExhaustedEvent, PressureEvent } from '../contract/events.ts'
import type { Ledger } from '../contract/ledger.ts'

/** Whom the manager tells. */
export interface MemoryEvents {
  sample(ledger: Ledger): void
  pressure(event: PressureEvent): void
  exhausted(event: ExhaustedEvent): void
  /** Somebody is found to grow and keep it, or no longer. */
  growth(): void
}
