import type { Generation } from '../host/generation.ts'

/** ms that a component has to hand over its metrics before it is unloaded. Guessed: as long as at a scrape. */
const lastDeadline = 500

/** What one copy of a component gave as its own metrics. */
export interface ComponentMetrics {
  /** Node's number of its worker thread, or the id of its process: generations have the same number when a component is registered anew. */
  readonly worker: number
  /** Made by the component's own code: may be anything. Undefined: it gave none this time. */
  readonly metrics: unknown
}

/** Is given what a worker's metrics have come to before it goes. */
export type MetricsTaker = (component: string, last: ComponentMetrics) => void

/** Those who keep count of components' own metrics: before a worker is unloaded it is asked once more, or what it counted since the last scrape were lost. */
export class MetricsTakers {
  readonly #takers = new Set<MetricsTaker>()

  add(taker: MetricsTaker): Disposable {
    this.#takers.add(taker)
    return { [Symbol.dispose]: () => void this.#takers.delete(taker) }
  }

  /** Asks nothing where nobody wants to know. @param patience ms that the worker is worth. */
  async takeLast(component: string, generation: Generation, patience: number): Promise<void> {
    if (this.#takers.size === 0) return
    const metrics = await generation.collectMetrics(Math.min(lastDeadline, patience))
    if (metrics === undefined) return
    for (const taker of this.#takers) taker(component, { worker: generation.host.id, metrics })
  }
}
