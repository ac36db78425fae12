import type { ComponentMetrics } from './metrics-takers.ts'
import type { Supervisor } from './supervisor.ts'

/** Asks all loaded components that offer metrics for them, side by side. By component, of each copy that has a worker. */
export async function collectComponentMetrics(
  supervisors: Iterable<Supervisor>,
  deadline: number,
): Promise<ReadonlyMap<string, readonly ComponentMetrics[]>> {
  const collected = new Map<string, ComponentMetrics[]>()
  await Promise.all(
    Array.from(supervisors, async ({ component, state, generation }) => {
      if (!generation) return
      const metrics = state.status === 'ready' ? await generation.collectMetrics(deadline) : undefined
      const ofCopies = collected.get(component) ?? []
      collected.set(component, ofCopies)
      ofCopies.push({ worker: generation.host.id, metrics })
    }),
  )
  return collected
}
