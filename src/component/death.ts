import type { GenerationEnd } from '../channel/generation-end.ts'
import type { ComponentOrigin } from '../contract/component-origin.ts'
import { ComponentCrashedError } from '../contract/errors.ts'
import type { CrashEvent } from '../contract/events.ts'
import { whyOf } from '../words/decision-words.ts'
import type { Lifecycle, LifecycleEvent } from './lifecycle.ts'

/** What befell a loaded component whose worker is gone, and no unload is what ended it. */
export function crashOf(
  origin: ComponentOrigin,
  generation: number,
  { reason, exitCode, signal, cause, passed, decision }: GenerationEnd,
): CrashEvent {
  const details = { reason, generation, exitCode, signal, passed }
  const error = new ComponentCrashedError(origin.name, details, cause === undefined ? undefined : { cause })
  return {
    ...origin,
    generation,
    reason,
    exitCode,
    signal,
    error,
    decision: decision ?? null,
    why: decision ? whyOf(decision) : null,
  }
}

/**
 * What it means for the component that the thread of a generation that died is gone, or was given up on.
 *
 * @param state of the component by then: the next generation may have been loaded.
 */
export function afterThread(state: Lifecycle, generation: number, gone: boolean): LifecycleEvent | undefined {
  // One that was loaded meanwhile and is being unloaded ends by itself.
  if (state.status === 'unloading' && state.generation === generation) return { type: gone ? 'gone' : 'still-alive' }
  return !gone && state.status === 'unloaded' ? { type: 'still-alive' } : undefined
}
