import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import { ComponentCrashedError } from '../contract/errors.ts'
import type { CrashReason, LossReason, PassedLimit } from '../contract/errors.ts'

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

/** How the connection to a generation ended, which may be on another host. */
export interface ConnectionEnd extends Omit<GenerationEnd, 'reason'> {
  readonly reason: LossReason
  /** With reason 'host-gone': which. */
  readonly host?: string | undefined
  /** Calls, by number, that certainly have not arrived there. */
  readonly undelivered?: ReadonlySet<number> | undefined
}

/** What a call that had been sent to that generation rejects with. */
export function crashedUnderWay(
  component: string,
  generation: number,
  { reason, exitCode, signal, cause, passed, host }: ConnectionEnd,
): ComponentCrashedError {
  const details = { reason, generation, exitCode, signal, passed, host, outcome: 'unknown' as const }
  return new ComponentCrashedError(component, details, cause === undefined ? undefined : { cause })
}
