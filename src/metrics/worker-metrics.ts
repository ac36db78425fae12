import type { ComponentMetrics } from '../component/metrics-takers.ts'
import { ComputedMetric } from './computed-metric.ts'
import type { AnyRegistry, Sample } from './computed-metric.ts'
import type { Subject } from './series-of.ts'
import type { Metric } from 'prom-client'

/** What a component says of one of its metrics, as far as it makes sense. */
interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly samples: readonly Sample[]
}

/** What one worker has come to. */
interface Count {
  readonly value: number
  /** What it had come to each time before it began anew. */
  readonly offset: number
}

/** How what several copies say becomes one figure: counts and gauges are added up, of quantiles the largest is told. */
type Kind = 'count' | 'gauge' | 'quantile'

interface Series {
  readonly sample: Omit<Sample, 'value'>
  readonly kind: Kind
  /** What workers that are gone had come to. */
  gone: number
  /** By worker. */
  readonly counts: Map<number, Count>
}

/** Metric names by Prometheus' rules. */
const validName = /^[A-Za-z_:][\w:]*$/
/** Metrics of components' own that are taken in; and series of each of them. */
const most = { metrics: 500, series: 2_000 }

/**
 * Metrics that components keep themselves, merged into a registry with the label `component`: of several copies as one. What counts goes on from where
 * the last generation of the component ended; gauges go with it.
 */
export class WorkerMetrics implements Disposable {
  readonly #registry: AnyRegistry
  readonly #subjectOf: (component: string) => Subject
  readonly #taken: () => Promise<unknown>
  readonly #merged = new Map<string, Merged>()
  /** Workers that have said their last: an answer that is still on its way is older. */
  readonly #over = new Set<number>()

  /**
   * @param subjectOf which series a component is part of.
   * @param taken resolves once what this scrape is told of has come to `update`.
   */
  constructor(registry: AnyRegistry, subjectOf: (component: string) => Subject, taken: () => Promise<unknown>) {
    this.#registry = registry
    this.#subjectOf = subjectOf
    this.#taken = taken
  }

  /**
   * @param answers what each copy of a component gave, by the component's name. A metric that is new is there from the next scrape on.
   * @param over components whose series leave.
   */
  update(answers: ReadonlyMap<string, readonly ComponentMetrics[]>, over: readonly string[]): void {
    for (const merged of this.#merged.values()) for (const component of over) merged.forget(component)
    const workers = new Set([...answers.values()].flat().map(({ worker }) => worker))
    for (const worker of this.#over) if (!workers.has(worker)) this.#over.delete(worker)
    for (const merged of this.#merged.values()) merged.begin(workers)
    for (const [component, copies] of answers) {
      const subject = this.#subjectOf(component)
      for (const { worker, metrics } of copies) {
        if (this.#over.has(worker)) continue
        for (const family of familiesIn(metrics)) this.#mergedFor(family)?.take(subject, worker, family.samples)
      }
    }
  }

  /** What a worker has come to that goes now: its counts stay, what it holds goes with it. */
  last(component: string, { worker, metrics }: ComponentMetrics): void {
    const subject = this.#subjectOf(component)
    for (const family of familiesIn(metrics)) {
      if (family.type !== 'gauge') this.#mergedFor(family)?.take(subject, worker, family.samples)
    }
    this.#over.add(worker)
  }

  [Symbol.dispose](): void {
    for (const name of this.#merged.keys()) this.#registry.removeSingleMetric(name)
  }

  #mergedFor({ name, help, type }: Family): Merged | undefined {
    const known = this.#merged.get(name)
    if (known) return known.type === type ? known : undefined
    // A name that the program itself uses is the program's.
    if (this.#registry.getSingleMetric(name) || this.#merged.size >= most.metrics) return undefined
    const merged = new Merged(name, help, type, this.#taken)
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

  constructor(name: string, help: string, type: Family['type'], taken: () => Promise<unknown>) {
    this.type = type
    const samples = async (): Promise<Iterable<Sample>> => {
      await taken()
      return this.#samples()
    }
    this.metric = new ComputedMetric({ name, help, type, samples })
  }

  /** @param workers those that there are; what others had come to stays. */
  begin(workers: ReadonlySet<number>): void {
    if (this.type === 'gauge') this.#series.clear()
    for (const series of this.#series.values()) {
      for (const [worker, count] of series.counts) {
        if (workers.has(worker)) continue
        series.counts.delete(worker)
        series.gone = count.value + count.offset + (series.kind === 'count' ? series.gone : 0)
      }
    }
  }

  /** It is gone, and so are the series that were its own. */
  forget(component: string): void {
    for (const [key, { sample }] of this.#series) if (sample.labels['component'] === component) this.#series.delete(key)
  }

  take(subject: Subject, worker: number, samples: readonly Sample[]): void {
    for (const { labels, value, metricName } of samples) {
      const sample = { labels: { ...labels, ...subject }, ...(metricName !== undefined && { metricName }) }
      const key = JSON.stringify([metricName, Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1))])
      let series = this.#series.get(key)
      if (!series) {
        if (this.#series.size >= most.series) return
        series = { sample, kind: this.#kindOf(metricName), gone: 0, counts: new Map() }
        this.#series.set(key, series)
      }
      const { value: last, offset } = series.counts.get(worker) ?? { value: 0, offset: 0 }
      // It begins anew when the component says so.
      series.counts.set(worker, { value, offset: series.kind === 'count' && value < last ? offset + last : offset })
    }
  }

  #kindOf(metricName: string | undefined): Kind {
    if (this.type === 'gauge') return 'gauge'
    return this.type === 'summary' && metricName === undefined ? 'quantile' : 'count'
  }

  *#samples(): Iterable<Sample> {
    for (const { sample, kind, gone, counts } of this.#series.values()) {
      const values = [...counts.values()].map(({ value, offset }) => value + offset)
      if (kind === 'quantile') yield { ...sample, value: values.length > 0 ? Math.max(...values) : gone }
      else yield { ...sample, value: values.reduce((sum, value) => sum + value, gone) }
    }
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
  const named = Object.entries(labels).filter(
    ([label, text]) => typeof text !== 'object' && /^[A-Za-z_]\w*$/.test(label),
  )
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
