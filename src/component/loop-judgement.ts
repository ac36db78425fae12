/** What is known of a worker's event loop. Times are ms of the monotonic clock, durations ms. */
export interface LoopReading {
  readonly now: number
  /** For how long it has not answered whether it turns; 0: it has, or was not asked. */
  readonly silence: number
  /** When it last answered; 0: never. */
  readonly turnedAt: number
  /** Earliest deadline of the calls that have begun and are under way; 0: none. */
  readonly deadline: number
  /** A call or a stream is under way, or a call is held back, or one has timed out and its event loop has not turned since. */
  readonly inUse: boolean
  /** The component's own; undefined: none. */
  readonly watchdog: number | undefined
}

/**
 * - turning: as far as is known.
 * - silent: calls wait, and it has not turned for long; it may be at work.
 * - stuck: to be ended, where no debugger may have stopped it.
 */
export type LoopJudgement =
  | { readonly kind: 'turning' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'stuck'; readonly why: 'watchdog' | 'deadline' }

/** ms that a worker has to hear of a deadline that has passed. */
export const unheardLimit = 1_000
/** ms without a turn that are worth a word, where nothing says how long work may take. */
export const longSilence = 10_000

const turning: LoopJudgement = { kind: 'turning' }

/** A deadline has passed, and it cannot have heard of that yet. */
export function isUnheard({ deadline, now, turnedAt }: LoopReading): boolean {
  return deadline !== 0 && deadline < now && turnedAt < deadline
}

export function judgeLoop(loop: LoopReading): LoopJudgement {
  const { now, silence, deadline, inUse, watchdog } = loop
  if (silence <= 0) return turning
  if (watchdog !== undefined && inUse && silence >= watchdog) return { kind: 'stuck', why: 'watchdog' }
  if (isUnheard(loop) && Math.min(silence, now - deadline) >= unheardLimit) return { kind: 'stuck', why: 'deadline' }
  return inUse && silence >= longSilence ? { kind: 'silent' } : turning
}
