import { backoffDelay } from '../timing/backoff.ts'
import type { BackoffPolicy } from '../timing/backoff.ts'
import type { Failure } from './failure.ts'

export interface RetryPolicy extends BackoffPolicy {
  /** Attempts after the first. */
  readonly retries: number
}

export type RetryDecision =
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'give-up'; readonly retryAfter: number | undefined }

export interface AttemptOutcome {
  readonly failure: Failure
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number
  /** ms left for the call. */
  readonly left: number
  /** ms the exchange demanded to wait. */
  readonly demanded: number
  /** From 0 to 1. */
  readonly random: number
}

/** Whether to try again, and when. A wait that is longer than the time left is not begun. */
export function decideRetry(
  { failure, attempt, left, demanded, random }: AttemptOutcome,
  policy: RetryPolicy,
): RetryDecision {
  const retryAfter = demanded > 0 ? demanded : undefined
  if (!failure.transient || attempt > policy.retries) return { kind: 'give-up', retryAfter }
  const delay = Math.max(demanded, backoffDelay(attempt, policy, random))
  return delay < left ? { kind: 'retry', delay } : { kind: 'give-up', retryAfter }
}
