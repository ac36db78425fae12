import type { Supervisor } from './supervisor.ts'

/** What one copy of a component gave as its own metrics. */
export interface ComponentMetrics {
  /** Node's number of its worker thread, or the id of its process: generations have the same number when a component is registered anew. */
  readonly worker: number
  /** Made by the component's own code: may be anything. Undefined: it gave none this time. */
  readonly metrics: unknown
}

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
