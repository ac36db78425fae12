import type { GenerationEnd } from '../channel/caller.ts'
import { ComponentCrashedError } from '../contract/errors.ts'
import type { Generation } from '../host/generation.ts'
import { buried } from './burial.ts'
import type { Supervisor } from './supervisor.ts'

/** The worker of a loaded component is gone, and no unload is what ended it. */
export function generationDied(supervisor: Supervisor, generation: Generation, end: GenerationEnd): void {
  // First: whoever is told of the crash may unregister it at once.
  supervisor.burial = bury(supervisor, generation, supervisor.burial)
  if (supervisor.stopped && end.reason === 'terminated') endedByStop(supervisor, generation, end)
  else crashed(supervisor, generation, end)
}

/** @param before that of the generation before it, which may take longer. */
async function bury(supervisor: Supervisor, generation: Generation, before: Promise<void> | undefined): Promise<void> {
  const dead = await buried(supervisor, generation)
  const { status, generation: current } = supervisor.state
  // One that was loaded meanwhile and is being unloaded ends by itself.
  if (status === 'unloading' && current === generation.number) supervisor.apply({ type: dead ? 'gone' : 'still-alive' })
  else if (!dead && status === 'unloaded') supervisor.apply({ type: 'still-alive' })
  await before
}

function crashed(supervisor: Supervisor, generation: Generation, end: GenerationEnd): void {
  const { name, counters, surroundings } = supervisor
  const { number } = generation
  const { reason, exitCode, cause } = end
  const details = { reason, generation: number, exitCode }
  const error = new ComponentCrashedError(name, details, cause === undefined ? undefined : { cause })
  counters.crashes++
  supervisor.apply({ type: 'crashed', reason, error })
  supervisor.retire(generation, end)
  surroundings.crashed({ name, generation: number, reason, exitCode, error })
  supervisor.wake()
}

/** What has not ended by itself when time is up is ended; that is no crash. */
function endedByStop(supervisor: Supervisor, generation: Generation, end: GenerationEnd): void {
  if (supervisor.state.status === 'ready') supervisor.apply({ type: 'drain', reason: 'shutdown' })
  supervisor.apply({ type: 'drained' })
  supervisor.counters.unloads++
  supervisor.retire(generation, end)
}
