import { backoffDelay } from '../timing/backoff.ts'
import type { BackoffPolicy } from '../timing/backoff.ts'
import type { Failure } from './failure.ts'

/** Where the updates of one symbol stand. Times are ms since the epoch. */
export type FeedState =
  | { readonly kind: 'connecting'; readonly attempt: number; readonly downSince: number }
  | { readonly kind: 'live'; readonly updatedAt: number }
  | { readonly kind: 'backing-off'; readonly attempt: number; readonly downSince: number; readonly retryAt: number }
  | { readonly kind: 'ended'; readonly failure: Failure | undefined }

export type FeedEvent =
  | { readonly kind: 'update'; readonly at: number }
  | {
      readonly kind: 'failure'
      readonly at: number
      readonly failure: Failure
      /** The connection was there and only had nothing to say: a quiet market, not an outage. */
      readonly connected: boolean
      /** From 0 to 1. */
      readonly random: number
    }
  | { readonly kind: 'retry' }
  | { readonly kind: 'end' }

export interface ReconnectPolicy extends BackoffPolicy {
  /** ms without a connection after which the feed ends. */
  readonly timeout: number
}

export function startFeed(at: number): FeedState {
  return { kind: 'connecting', attempt: 1, downSince: at }
}

/** The only way from one state to the next. What makes no sense in a state leaves it as it is. */
export function nextFeedState(state: FeedState, event: FeedEvent, policy: ReconnectPolicy): FeedState {
  if (state.kind === 'ended') return state
  switch (event.kind) {
    case 'update':
      return { kind: 'live', updatedAt: event.at }
    case 'retry':
      return state.kind === 'backing-off'
        ? { kind: 'connecting', attempt: state.attempt + 1, downSince: state.downSince }
        : state
    case 'failure':
      return afterFailure(state, event, policy)
    case 'end':
      return { kind: 'ended', failure: undefined }
  }
}

function afterFailure(
  state: Exclude<FeedState, { kind: 'ended' }>,
  { at, failure, connected, random }: Extract<FeedEvent, { kind: 'failure' }>,
  policy: ReconnectPolicy,
): FeedState {
  const fresh = connected || state.kind === 'live'
  const attempt = fresh ? 1 : state.attempt
  const downSince = fresh ? at : state.downSince
  const retryAt = at + backoffDelay(attempt, policy, random)
  if (!failure.transient || retryAt - downSince > policy.timeout) return { kind: 'ended', failure }
  return { kind: 'backing-off', attempt, downSince, retryAt }
}
