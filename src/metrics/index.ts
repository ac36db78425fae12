import '../base/supported-node.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectOneOf, expectRecord } from '../base/option-checks.ts'
import { addComponentMetrics } from './component-metrics.ts'
import { registerAll } from './computed-metric.ts'
import type { AnyRegistry } from './computed-metric.ts'
import { FrameTaker } from './frame.ts'
import { MetricSet } from './metric-set.ts'
import { addClusterMetrics, addProcessMetrics } from './process-metrics.ts'
import type { FamilySeries } from './series-of.ts'
import { Tallies } from './tallies.ts'
import { WorkerMetrics } from './worker-metrics.ts'

export type { AnyRegistry } from './computed-metric.ts'
export type { FamilySeries } from './series-of.ts'

export interface MetricsOptions {
  /** Where the metrics are registered. Never prom-client's global registry by itself: pass its `register` to have that. */
  readonly registry: AnyRegistry
  /**
   * 'each': every member of a family has series of its own, with the label `component`. 'one': all members of a family are one series, with the label `family`: counts,
   * histograms and what adds up are added up, of the rest the largest is told. Default 'each'.
   */
  readonly families?: FamilySeries
}

/**
 * Registers what the coordinator knows as Prometheus metrics, all named `spillway_...`. Counting begins now; dispose of the result to end it and to take the
 * metrics out of the registry.
 *
 * Gauges are read at each scrape: a component that is no longer registered has none. Its counters are told for another minute, then they leave; registered again after that, it
 * begins at 0.
 *
 * @throws InvalidOptionsError when `registry` is none, or has these metrics already.
 */
export function collectMetrics(coordinator: ComponentCoordinator, options: MetricsOptions): Disposable {
  const { registry, families = 'each' } = expectRecord('options', options)
  expectOneOf('families', families, ['each', 'one'])
  if (typeof registry?.registerMetric !== 'function') {
    throw new InvalidOptionsError('registry', 'a Registry of prom-client', registry)
  }
  const tallies = new Tallies(coordinator, families, coordinator.parts.clock.now)
  const workers: WorkerMetrics = new WorkerMetrics(
    registry,
    (component) => tallies.subjectOf(component),
    async () => frames.take(),
  )
  const frames: FrameTaker = new FrameTaker(coordinator, ({ components }, ofComponents) => {
    workers.update(ofComponents, tallies.saw(components))
  })
  const last = coordinator.parts.metricsTakers.add((component, given) => workers.last(component, given))
  const set = new MetricSet(async () => frames.take(), tallies, families)
  addProcessMetrics(set, coordinator)
  addComponentMetrics(set, coordinator)
  addClusterMetrics(set, coordinator)
  try {
    const registered = registerAll(registry, set.metrics)
    return {
      [Symbol.dispose]: () => {
        registered[Symbol.dispose]()
        last[Symbol.dispose]()
        workers[Symbol.dispose]()
        tallies[Symbol.dispose]()
      },
    }
  } catch (error) {
    last[Symbol.dispose]()
    tallies[Symbol.dispose]()
    throw error
  }
}
