import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import { ComponentCrashedError } from '../contract/errors.ts'
import type { CrashReason, PassedLimit } from '../contract/errors.ts'

/** How a generation ended, as far as its callers are told. */
export interface GenerationEnd {
  readonly reason: CrashReason
  readonly exitCode?: number | undefined
  /** With reason 'signal'. */
  readonly signal?: string | undefined
  readonly cause?: unknown
  /** With reason 'memory-limit': which. */
  readonly passed?: PassedLimit | undefined
  /** What it was decided by that it is ended. */
  readonly decision?: AutomaticDecision | undefined
}

/** What a call that had been sent to that generation rejects with. */
export function crashedUnderWay(
  component: string,
  generation: number,
  { reason, exitCode, signal, cause, passed }: GenerationEnd,
): ComponentCrashedError {
  const details = { reason, generation, exitCode, signal, passed, outcome: 'unknown' as const }
  return new ComponentCrashedError(component, details, cause === undefined ? undefined : { cause })
}
