import type { Advice } from '../contract/advice.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { ComponentMemory } from '../contract/ledger.ts'
import { ComputedMetric } from './computed-metric.ts'
import type { Sample } from './computed-metric.ts'
import type { BucketHistogram } from './bucket-histogram.ts'
import type { Frame } from './frame.ts'
import type { ComponentTally, Counts, Tallies } from './tallies.ts'

type Figure = number | null | undefined

/** The ways a metric is read from the frame of a scrape and from what was counted. Every name begins with `spillway_`. */
export class MetricSet {
  readonly metrics: ComputedMetric[] = []
  readonly #frame: () => Promise<Frame>
  readonly #tallies: Tallies

  constructor(frame: () => Promise<Frame>, tallies: Tallies) {
    this.#frame = frame
    this.#tallies = tallies
  }

  /** One figure, or one for each label value; what is null is left out. */
  gauge(name: string, help: string, value: (frame: Frame) => Figure): void {
    this.#add('gauge', name, help, async () => series({}, value(await this.#frame())))
  }

  counter(name: string, help: string, value: (tallies: Tallies) => number): void {
    this.#add('counter', name, help, async () => {
      await this.#frame()
      return series({}, value(this.#tallies))
    })
  }

  labelled(
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    label: string,
    values: (frame: Frame, tallies: Tallies) => Iterable<readonly [string, Figure]>,
  ): void {
    this.#add(type, name, help, async () =>
      [...values(await this.#frame(), this.#tallies)].flatMap(([key, value]) => series({ [label]: key }, value)),
    )
  }

  /** 1 for the state that each component is in; no series for the others. */
  componentStates(): void {
    this.#add('gauge', 'component_state', 'The state it is in: 1 for that, no series for the others', async () =>
      (await this.#frame()).components.map(({ name, state }) => ({ labels: { component: name, state }, value: 1 })),
    )
  }

  /** 1 for each piece of advice that stands; the label `component` is empty where it is about none. */
  advice(standing: () => readonly Advice[]): void {
    this.#add('gauge', 'advice', 'A piece of advice stands: 1 for each, by its kind and component', async () => {
      await this.#frame()
      return standing().map(({ id, component = '' }) => ({
        labels: { kind: id.split(':', 1).join(), component },
        value: 1,
      }))
    })
  }

  /** Of every registered component for which there is a figure. */
  ofComponents(name: string, help: string, value: (info: ComponentInfo, frame: Frame) => Figure): void {
    this.labelled('gauge', `component_${name}`, help, 'component', (frame) =>
      frame.components.map((info) => [info.name, value(info, frame)] as const),
    )
  }

  /** Of every loaded component. */
  ofMemory(name: string, help: string, value: (memory: ComponentMemory) => Figure): void {
    this.ofComponents(name, help, ({ memory }) => (memory ? value(memory) : null))
  }

  /** Of every component that was ever seen. */
  countOf(name: string, help: string, value: (tally: ComponentTally) => number): void {
    this.labelled('counter', `component_${name}`, help, 'component', (_, tallies) =>
      [...tallies.components].map(([component, tally]) => [component, value(tally)] as const),
    )
  }

  countsOf(name: string, help: string, label: string, counts: (tally: ComponentTally) => Counts): void {
    this.#ofTallies('counter', name, help, (tally, component) =>
      [...counts(tally)].map(([key, value]) => ({ labels: { component, [label]: key }, value })),
    )
  }

  /** Of every component that has observations. */
  histogramOf(
    name: string,
    help: string,
    histograms: (tally: ComponentTally) => Iterable<readonly [labels: Record<string, string>, BucketHistogram]>,
  ): void {
    this.#ofTallies('histogram', name, help, (tally, component) =>
      [...histograms(tally)].flatMap(([labels, histogram]) => [
        ...histogram.samples(`spillway_component_${name}`, { component, ...labels }),
      ]),
    )
  }

  #ofTallies(
    type: 'counter' | 'histogram',
    name: string,
    help: string,
    samples: (tally: ComponentTally, component: string) => Sample[],
  ): void {
    this.#add(type, `component_${name}`, help, async () => {
      await this.#frame()
      return [...this.#tallies.components].flatMap(([component, tally]) => samples(tally, component))
    })
  }

  #add(
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    samples: () => Promise<Iterable<Sample>>,
  ): void {
    this.metrics.push(new ComputedMetric({ type, name: `spillway_${name}`, help, samples }))
  }
}

const series = (labels: Record<string, string>, value: Figure): Sample[] =>
  value === null || value === undefined ? [] : [{ labels, value }]
