import type { ExhaustedEvent, PressureEvent } from '../contract/events.ts'
import type { Kept } from '../contract/unload-policy.ts'
import type { Ledger } from '../contract/ledger.ts'

/** Whom the manager tells. */
export interface MemoryEvents {
  sample(ledger: Ledger): void
  pressure(event: PressureEvent): void
  exhausted(event: ExhaustedEvent): void
  /** Somebody is found to grow and keep it, or no longer. */
  growth(): void
  /** Something could have gone, and had not been idle for long enough. */
  heldUp(kept: readonly Kept[]): void
}
