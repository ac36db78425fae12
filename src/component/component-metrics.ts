import type { Supervisor } from './supervisor.ts'

/** What one component gave as its own metrics. */
export interface ComponentMetrics {
  /** Node's number of its worker thread, or the id of its process: generations have the same number when a component is registered anew. */
  readonly worker: number
  /** Made by the component's own code: may be anything. */
  readonly metrics: unknown
}

/** Asks all loaded components that offer metrics for them, side by side. */
export async function collectComponentMetrics(
  supervisors: Iterable<Supervisor>,
  deadline: number,
): Promise<ReadonlyMap<string, ComponentMetrics>> {
  const collected = new Map<string, ComponentMetrics>()
  await Promise.all(
    Array.from(supervisors, async ({ name, state, generation }) => {
      const metrics = state.status === 'ready' ? await generation?.collectMetrics(deadline) : undefined
      if (generation && metrics !== undefined) collected.set(name, { worker: generation.host.id, metrics })
    }),
  )
  return collected
}
