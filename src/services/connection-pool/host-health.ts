import { backoffDelay } from '../timing/backoff.ts'
import type { BackoffPolicy } from '../timing/backoff.ts'

/** Whether connections to a host may be opened. Times are ms since the epoch. */
export type HostHealth =
  | { readonly kind: 'healthy' }
  /** Left alone until `until`. */
  | { readonly kind: 'backing-off'; readonly failures: number; readonly since: number; readonly until: number }
  /** One connection is being tried; the others wait for how it goes. */
  | { readonly kind: 'probing'; readonly failures: number; readonly since: number }

export type HostEvent =
  /** A connection is about to be opened. */
  | { readonly kind: 'opening'; readonly at: number }
  | { readonly kind: 'opened' }
  /** It could not be opened; `startedAt` is when that was begun. */
  | { readonly kind: 'failed'; readonly at: number; readonly startedAt: number; readonly random: number }
  /** The one who tried went away before it was known. */
  | { readonly kind: 'abandoned'; readonly at: number }

export const healthy: HostHealth = { kind: 'healthy' }

export function nextHostHealth(state: HostHealth, event: HostEvent, policy: BackoffPolicy): HostHealth {
  switch (event.kind) {
    case 'opened':
      return healthy
    case 'opening':
      return state.kind === 'backing-off' ? { kind: 'probing', failures: state.failures, since: state.since } : state
    case 'abandoned':
      return state.kind === 'probing'
        ? { kind: 'backing-off', failures: state.failures, since: state.since, until: event.at }
        : state
    case 'failed': {
      // Several that were begun side by side and fail together are one failure.
      if (state.kind === 'backing-off' && event.startedAt <= state.since) return state
      const failures = (state.kind === 'healthy' ? 0 : state.failures) + 1
      const until = event.at + backoffDelay(failures, policy, event.random)
      return { kind: 'backing-off', failures, since: event.at, until }
    }
  }
}

/** Since when a connection may be opened: 0 = now, Infinity = not before the probe ends. */
export function opensAt(state: HostHealth): number {
  switch (state.kind) {
    case 'healthy':
      return 0
    case 'backing-off':
      return state.until
    case 'probing':
      return Number.POSITIVE_INFINITY
  }
}
