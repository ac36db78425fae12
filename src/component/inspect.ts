import { CallTimeoutError } from '../errors.ts'
import type { Inspection } from '../host/inspect.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * Has a component's worker write about itself; loads it if need be, and keeps it from being unloaded meanwhile.
 *
 * @param deadline ms.
 * @throws what made the load or the writing impossible; CallTimeoutError when it was not done by the deadline.
 */
export async function inspectComponent(
  supervisor: Supervisor,
  inspection: Inspection,
  deadline: number,
): Promise<void> {
  using _lease = supervisor.lease()
  for (;;) {
    await supervisor.load()
    const { generation, state } = supervisor
    // One that has begun to be unloaded by name is not asked any more: it is loaded again first.
    if (state.status !== 'ready' || !generation) continue
    const outcome = await generation.inspect(inspection, deadline)
    if (outcome === 'late') throw new CallTimeoutError(supervisor.name, inspection.what, deadline)
    if (outcome === 'ended') throw new Error(`The worker of "${supervisor.name}" ended before its ${inspection.what}`)
    if ('error' in outcome) throw outcome.error
    return
  }
}
