import type { Metric, OpenMetricsContentType, Registry } from 'prom-client'
import { InvalidOptionsError } from '../contract/errors.ts'

/** A registry, whichever of the two formats it writes. */
export type AnyRegistry = Registry | Registry<OpenMetricsContentType>

/** One series at a scrape. `metricName` only where it is not the metric's own, in histograms. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly metricName?: string
}

export interface ComputedMetricOptions {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly samples: () => Promise<Iterable<Sample>> | Iterable<Sample>
}

/**
 * A metric whose series are made when they are asked for. prom-client's own classes keep every series and hash its labels at each change; what
 * the coordinator knows anyway is only read here, so a component that is gone leaves nothing behind.
 */
export class ComputedMetric {
  /** Not constant: prom-client takes "_total" off a counter's name when it writes OpenMetrics. */
  name: string
  readonly help: string
  readonly type: ComputedMetricOptions['type']
  readonly aggregator = 'sum'
  readonly #samples: ComputedMetricOptions['samples']

  constructor({ name, help, type, samples }: ComputedMetricOptions) {
    this.name = name
    this.help = help
    this.type = type
    this.#samples = samples
  }

  async get(): Promise<object> {
    const values = [...(await this.#samples())]
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values }
  }

  /** Nothing is kept here. */
  reset(): void {}
}

/**
 * Registers all or none.
 *
 * @returns what takes them out again.
 * @throws InvalidOptionsError when the registry has a metric of one of the names.
 */
export function registerAll(registry: AnyRegistry, metrics: readonly ComputedMetric[]): Disposable {
  const names = metrics.map(({ name }) => name)
  const taken = names.find((name) => registry.getSingleMetric(name))
  if (taken !== undefined) {
    throw new InvalidOptionsError('registry', `a registry without a metric named "${taken}"`, registry)
  }
  // prom-client's type names its own four classes; its registry uses no more of them than this one has.
  for (const metric of metrics) registry.registerMetric(metric as unknown as Metric)
  return {
    [Symbol.dispose]: () => {
      for (const name of names) registry.removeSingleMetric(name)
    },
  }
}
