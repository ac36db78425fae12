import type { ComponentMetrics } from '../component/component-metrics.ts'
import { ComputedMetric } from './computed-metric.ts'
import type { AnyRegistry, Sample } from './computed-metric.ts'
import type { Metric } from 'prom-client'

/** What a component says of one of its metrics, as far as it makes sense. */
interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly samples: readonly Sample[]
}

interface Series {
  readonly sample: Sample
  readonly worker: number
  /** What earlier generations had come to. */
  readonly offset: number
}

/** Metric names by Prometheus' rules. */
const validName = /^[A-Za-z_:][\w:]*$/
/** Metrics of components' own that are taken in; and series of each of them. */
const most = { metrics: 500, series: 2_000 }

/**
 * Metrics that components keep themselves, merged into a registry with the label `component`. What counts goes on from where the last
 * generation of the component ended; gauges go with it.
 */
export class WorkerMetrics implements Disposable {
  readonly #registry: AnyRegistry
  readonly #merged = new Map<string, Merged>()

  constructor(registry: AnyRegistry) {
    this.#registry = registry
  }

  /** @param answers what each component gave, by its name. A metric that is new is there from the next scrape on. */
  update(answers: ReadonlyMap<string, ComponentMetrics>): void {
    for (const merged of this.#merged.values()) merged.begin()
    for (const [component, { worker, metrics }] of answers) {
      for (const family of familiesIn(metrics)) this.#mergedFor(family)?.take(component, worker, family.samples)
    }
  }

  [Symbol.dispose](): void {
    for (const name of this.#merged.keys()) this.#registry.removeSingleMetric(name)
  }

  #mergedFor({ name, help, type }: Family): Merged | undefined {
    const known = this.#merged.get(name)
    if (known) return known.type === type ? known : undefined
    // A name that the program itself uses is the program's.
    if (this.#registry.getSingleMetric(name) || this.#merged.size >= most.metrics) return undefined
    const merged = new Merged(name, help, type)
    this.#merged.set(name, merged)
    // See registerAll.
    this.#registry.registerMetric(merged.metric as unknown as Metric)
    return merged
  }
}

/** One metric of all components that have it. */
class Merged {
  readonly type: Family['type']
  readonly metric: ComputedMetric
  readonly #series = new Map<string, Series>()

  constructor(name: string, help: string, type: Family['type']) {
    this.type = type
    this.metric = new ComputedMetric({ name, help, type, samples: () => this.#samples() })
  }

  begin(): void {
    if (this.type === 'gauge') this.#series.clear()
  }

  take(component: string, worker: number, samples: readonly Sample[]): void {
    for (const { labels, value, metricName } of samples) {
      const sample: Sample = {
        labels: { ...labels, component },
        value,
        ...(metricName !== undefined && { metricName }),
      }
      const key = JSON.stringify([metricName, Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1))])
      const known = this.#series.get(key)
      if (!known && this.#series.size >= most.series) return
      this.#series.set(key, { sample, worker, offset: known ? this.#offset(known, sample, worker) : 0 })
    }
  }

  #offset(
    { sample: { value: last }, offset, worker: before }: Series,
    { value, metricName }: Sample,
    worker: number,
  ): number {
    // Quantiles of a summary rise and fall; everything else that is no gauge begins anew with each generation, or when the component says so.
    const counts = this.type !== 'gauge' && !(this.type === 'summary' && metricName === undefined)
    return counts && (worker !== before || value < last) ? offset + last : offset
  }

  *#samples(): Iterable<Sample> {
    for (const { sample, offset } of this.#series.values()) yield { ...sample, value: sample.value + offset }
  }
}

/** What makes sense of an answer: it comes from a component's own code. */
function* familiesIn(answer: unknown): Iterable<Family> {
  if (!Array.isArray(answer)) return
  for (const family of answer as unknown[]) {
    if (!isObject(family) || !isObject(family['values']) || !Array.isArray(family['values'])) continue
    const { name, help, type, values } = family
    if (typeof name !== 'string' || !validName.test(name) || !isType(type)) continue
    const samples = (values as unknown[]).flatMap((value) => sampleOf(value, name))
    yield { name, help: typeof help === 'string' ? help : name, type, samples }
  }
}

function sampleOf(value: unknown, name: string): Sample[] {
  if (!isObject(value) || typeof value['value'] !== 'number') return []
  const { labels = {}, metricName = name } = value
  if (!isObject(labels) || typeof metricName !== 'string' || !metricName.startsWith(name)) return []
  if (!validName.test(metricName)) return []
  const named = Object.entries(labels).filter(([label]) => /^[A-Za-z_]\w*$/.test(label))
  return [
    {
      labels: Object.fromEntries(named.map(([label, text]) => [label, String(text)])),
      value: value['value'],
      ...(metricName !== name && { metricName }),
    },
  ]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const isType = (type: unknown): type is Family['type'] =>
  type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary'
