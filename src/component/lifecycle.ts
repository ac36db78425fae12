import type { RestartOptions } from '../contract/component-definition.ts'
import type { UnloadReason } from '../contract/unload-report.ts'
import type { CrashReason } from '../contract/errors.ts'

/** The failures that count against a component's restart intensity. */
export interface RestartHistory {
  /** When it failed within the period. */
  readonly failures: readonly number[]
  /** Back-offs in a row; a period without a failure after one starts over. */
  readonly backoffs: number
}

interface Common {
  /** Counts loads; 0 before the first. */
  readonly generation: number
  /** When this state began. */
  readonly since: number
  readonly history: RestartHistory
}

/** Where a copy of a component is in its life. Times are ms of the policy's clock. */
export type Lifecycle = Common &
  (
    | { readonly status: 'unloaded' }
    | { readonly status: 'loading' }
    | { readonly status: 'ready' }
    /** No new calls are sent; those under way are being answered. */
    | { readonly status: 'draining'; readonly reason: UnloadReason; readonly readySince: number }
    /** The dispose hook runs, then the worker is ended. */
    | { readonly status: 'unloading'; readonly reason: UnloadReason }
    /** Failed too often: not loaded again before `retryAt`. */
    | { readonly status: 'failed'; readonly error: unknown; readonly retryAt: number }
    /** Its last worker did not die by its deadline. It can be loaded again beside it. */
    | { readonly status: 'zombie' }
  )

export type LifecycleEvent =
  | { readonly type: 'load' }
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed'; readonly error: unknown }
  | { readonly type: 'load-refused' }
  | { readonly type: 'drain'; readonly reason: UnloadReason }
  | { readonly type: 'drain-called-off' }
  | { readonly type: 'drained' }
  | { readonly type: 'gone' }
  | { readonly type: 'still-alive' }
  | { readonly type: 'crashed'; readonly reason: CrashReason; readonly error: unknown }
  | { readonly type: 'reset' }

const maxBackoff = 60_000
export const cleanHistory: RestartHistory = { failures: [], backoffs: 0 }

export function initialLifecycle(now: number): Lifecycle {
  return { status: 'unloaded', generation: 0, since: now, history: cleanHistory }
}

/** It has a worker that serves, or will, or does so until it is unloaded. */
export function isLoaded({ status }: Pick<Lifecycle, 'status'>): boolean {
  return status === 'ready' || isChanging({ status })
}

/** True while it is on its way from one state to another, which has a deadline. */
export function isChanging({ status }: Pick<Lifecycle, 'status'>): boolean {
  return status === 'loading' || status === 'draining' || status === 'unloading'
}

/**
 * The one way a component's state changes.
 *
 * @param now ms of the monotonic clock, as all times in the state are.
 * @throws Error for an event that cannot happen in this state: a bug in the caller, never bad input.
 */
export function transition(
  state: Lifecycle,
  event: LifecycleEvent,
  now: number,
  restart: Required<RestartOptions>,
): Lifecycle {
  const { generation, history } = state
  const next = { generation, since: now, history }
  switch (event.type) {
    case 'load':
      if (
        state.status === 'unloaded' ||
        state.status === 'zombie' ||
        (state.status === 'failed' && now >= state.retryAt)
      ) {
        return { ...next, status: 'loading', generation: generation + 1 }
      }
      break
    case 'loaded':
      if (state.status === 'loading') return { ...next, status: 'ready' }
      break
    case 'load-failed':
      if (state.status === 'loading') return afterFailure(next, event.error, now, restart)
      break
    case 'load-refused':
      // Nothing was tried, so nothing counts: memory was short, or a dependency failed on its own account.
      if (state.status === 'loading') return { ...next, status: 'unloaded' }
      break
    case 'drain':
      if (state.status === 'ready')
        return { ...next, status: 'draining', reason: event.reason, readySince: state.since }
      break
    case 'drain-called-off':
      // As if nothing had been: it is neither younger nor less idle for it.
      if (state.status === 'draining') return { ...next, status: 'ready', since: state.readySince }
      break
    case 'drained':
      if (state.status === 'draining') return { ...next, status: 'unloading', reason: state.reason }
      break
    case 'gone':
      if (state.status === 'unloading' || state.status === 'zombie') return { ...next, status: 'unloaded' }
      break
    case 'still-alive':
      if (state.status === 'unloading' || state.status === 'unloaded') return { ...next, status: 'zombie' }
      break
    case 'crashed':
      if (state.status === 'ready' || state.status === 'draining') return afterFailure(next, event.error, now, restart)
      break
    case 'reset':
      if (state.status === 'failed') return { ...next, status: 'unloaded', history: cleanHistory }
      return { ...state, history: cleanHistory }
  }
  throw new Error(`Event "${event.type}" cannot happen to a component that is ${state.status}`)
}

/** Erlang/OTP's rule: more than `intensity` failures within `period` are too many; here they lead to a back-off instead of to giving up. */
function afterFailure(
  next: { generation: number; since: number; history: RestartHistory },
  error: unknown,
  now: number,
  restart: Required<RestartOptions>,
): Lifecycle {
  const { failures, backoffs } = next.history
  const lastDelay = backoffs === 0 ? 0 : delayOf(backoffs - 1, restart)
  const backingOff = backoffs > 0 && now - (failures.at(-1) ?? 0) < restart.period + lastDelay
  const recent = [...failures.filter((time) => now - time < restart.period), now]
  if (!backingOff && recent.length <= restart.intensity) {
    return { ...next, history: { failures: recent, backoffs: 0 }, status: 'unloaded' }
  }
  const before = backingOff ? backoffs : 0
  return {
    ...next,
    status: 'failed',
    error,
    retryAt: now + delayOf(before, restart),
    history: { failures: recent, backoffs: before + 1 },
  }
}

function delayOf(backoffs: number, restart: Required<RestartOptions>): number {
  return Math.min(restart.backoff * 2 ** backoffs, maxBackoff)
}
