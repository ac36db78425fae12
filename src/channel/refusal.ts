import { ComponentNotLoadedError, OverloadedError } from '../contract/errors.ts'
import { errorForCaller, framesOf } from './error-for-caller.ts'
import { NotBegun } from './not-begun.ts'
import type { CallOrigin, RemoteCallOptions } from './pending-call.ts'
import type { WatchedCall } from './call-watch.ts'

/** What a caller looks at before it begins a call. */
export interface CallerState {
  readonly component: string
  /** It takes no more calls, and why. */
  readonly stopped: { readonly error: unknown } | undefined
  /** Calls under way and waiting. */
  readonly calls: number
  readonly maxQueue: number
  /** For calls with `ifLoaded`. */
  readonly isLoaded: () => boolean
  readonly onFailed: ((error: unknown, isAnswer: boolean) => void) | undefined
}

/** Why a call is not even begun; undefined: it is. */
export function refusalOf(
  { component, stopped, calls, maxQueue, isLoaded, onFailed }: CallerState,
  { signal, ifLoaded, tellsNotBegun }: RemoteCallOptions,
  origin: CallOrigin,
): { readonly error: unknown } | undefined {
  if (stopped) {
    const { error } = stopped
    return { error: tellsNotBegun ? new NotBegun(error) : (origin.error = errorForCaller(error, framesOf(origin))) }
  }
  if (calls >= maxQueue) {
    const error = new OverloadedError(component, maxQueue)
    onFailed?.(error, false)
    return { error }
  }
  if (signal?.aborted) return { error: signal.reason }
  return ifLoaded && !isLoaded() ? { error: new ComponentNotLoadedError(component) } : undefined
}

export async function refuse(error: unknown, watched: WatchedCall | undefined): Promise<never> {
  watched?.settled(true, error)
  throw error
}
