import '../base/supported-node.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectRecord } from '../base/option-checks.ts'
import { addComponentMetrics } from './component-metrics.ts'
import { registerAll } from './computed-metric.ts'
import type { AnyRegistry } from './computed-metric.ts'
import { FrameTaker } from './frame.ts'
import { MetricSet } from './metric-set.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { Tallies } from './tallies.ts'
import { WorkerMetrics } from './worker-metrics.ts'

export type { AnyRegistry } from './computed-metric.ts'

export interface MetricsOptions {
  /** Where the metrics are registered. Never prom-client's global registry by itself: pass its `register` to have that. */
  readonly registry: AnyRegistry
}

/**
 * Registers what the coordinator knows as Prometheus metrics, all named `spillway_...`. Counting begins now; dispose of the result to end it and to take the
 * metrics out of the registry.
 *
 * Gauges are read at each scrape: a component that is no longer registered has none. Counters stay, and never fall.
 *
 * @throws InvalidOptionsError when `registry` is none, or has these metrics already.
 */
export function collectMetrics(coordinator: ComponentCoordinator, options: MetricsOptions): Disposable {
  const { registry } = expectRecord('options', options)
  if (typeof registry?.registerMetric !== 'function') {
    throw new InvalidOptionsError('registry', 'a Registry of prom-client', registry)
  }
  const tallies = new Tallies(coordinator)
  const workers = new WorkerMetrics(registry)
  const frames = new FrameTaker(coordinator, ({ components }, ofComponents) => {
    tallies.saw(components)
    workers.update(ofComponents)
  })
  const set = new MetricSet(async () => frames.take(), tallies)
  addProcessMetrics(set, coordinator)
  addComponentMetrics(set, coordinator)
  try {
    const registered = registerAll(registry, set.metrics)
    return {
      [Symbol.dispose]: () => {
        registered[Symbol.dispose]()
        workers[Symbol.dispose]()
        tallies[Symbol.dispose]()
      },
    }
  } catch (error) {
    tallies[Symbol.dispose]()
    throw error
  }
}
