import type { Advice } from '../contract/advice.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { ComponentMemory } from '../contract/ledger.ts'
import { ComputedMetric } from './computed-metric.ts'
import type { Sample } from './computed-metric.ts'
import type { BucketHistogram } from './bucket-histogram.ts'
import type { Frame } from './frame.ts'
import { keyOf, subjectOf } from './series-of.ts'
import type { FamilySeries, Subject } from './series-of.ts'
import type { Tallies } from './tallies.ts'
import type { Counts, Tally } from './tally.ts'

type Figure = number | null | undefined
/** What the figures of a family's members come to, where they are one series. */
type Together = 'sum' | 'max'

/** The ways a metric is read from the frame of a scrape and from what was counted. Every name begins with `spillway_`. */
export class MetricSet {
  readonly metrics: ComputedMetric[] = []
  readonly #frame: () => Promise<Frame>
  readonly #tallies: Tallies
  readonly #families: FamilySeries

  constructor(frame: () => Promise<Frame>, tallies: Tallies, families: FamilySeries) {
    this.#frame = frame
    this.#families = families
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

  /** How many are in each state: 1 for that of a component, no series for the others. */
  componentStates(): void {
    this.#add('gauge', 'component_state', 'The state it is in: 1 for that, no series for the others', async () =>
      this.#together(await this.#frame(), 'sum', ({ state }) => [{ state }, 1]),
    )
  }

  /** How many pieces of advice of each kind stand, for each component; the label `component` is empty where it is about none. */
  advice(standing: () => readonly Advice[]): void {
    this.#add('gauge', 'advice', 'A piece of advice stands: 1 for each, by its kind and component', async () => {
      await this.#frame()
      const samples = new Map<string, { labels: Record<string, string>; value: number }>()
      for (const { id, component } of standing()) {
        const subject = component === undefined ? { component: '' } : this.#tallies.subjectOf(component)
        const labels = { kind: id.split(':', 1).join(), ...subject }
        const key = Object.values(labels).join('\n')
        const known = samples.get(key)
        if (known) known.value++
        else samples.set(key, { labels, value: 1 })
      }
      return samples.values()
    })
  }

  /**
   * Of every registered component for which there is a figure.
   *
   * @param together default 'sum'.
   */
  ofComponents(
    name: string,
    help: string,
    value: (info: ComponentInfo, frame: Frame) => Figure,
    together: Together = 'sum',
  ): void {
    this.#add('gauge', `component_${name}`, help, async () => {
      const frame = await this.#frame()
      return this.#together(frame, together, (info) => [{}, value(info, frame)])
    })
  }

  /** Of every loaded component. */
  ofMemory(name: string, help: string, value: (memory: ComponentMemory) => Figure, together: Together = 'sum'): void {
    this.ofComponents(name, help, ({ memory }) => (memory ? value(memory) : null), together)
  }

  /** Of every component that is registered, or was until just now. */
  countOf(name: string, help: string, value: (tally: Tally) => number): void {
    this.#ofTallies('counter', name, help, (tally, labels) => [{ labels, value: value(tally) }])
  }

  countsOf(name: string, help: string, label: string, counts: (tally: Tally) => Counts): void {
    this.#ofTallies('counter', name, help, (tally, labels) =>
      [...counts(tally)].map(([key, value]) => ({ labels: { ...labels, [label]: key }, value })),
    )
  }

  /** Of every component that has observations. */
  histogramOf(
    name: string,
    help: string,
    histograms: (tally: Tally) => Iterable<readonly [labels: Record<string, string>, BucketHistogram]>,
  ): void {
    this.#ofTallies('histogram', name, help, (tally, subject) =>
      [...histograms(tally)].flatMap(([labels, histogram]) => [
        ...histogram.samples(`spillway_component_${name}`, { ...subject, ...labels }),
      ]),
    )
  }

  #ofTallies(
    type: 'counter' | 'histogram',
    name: string,
    help: string,
    samples: (tally: Tally, labels: Subject) => Sample[],
  ): void {
    this.#add(type, `component_${name}`, help, async () => {
      await this.#frame()
      return [...this.#tallies.all].flatMap(([subject, tally]) => samples(tally, subject))
    })
  }

  /** One sample for each series that components are part of, in the order of their first. */
  #together(
    { components }: Frame,
    together: Together,
    figure: (info: ComponentInfo) => readonly [labels: Readonly<Record<string, string>>, value: Figure],
  ): Sample[] {
    const samples = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>()
    for (const info of components) {
      const [labels, value] = figure(info)
      if (value === null || value === undefined) continue
      const subject = subjectOf(info, this.#families)
      const key = [keyOf(subject), ...Object.values(labels)].join('\n')
      const known = samples.get(key)
      if (!known) samples.set(key, { labels: { ...subject, ...labels }, value })
      else known.value = together === 'sum' ? known.value + value : Math.max(known.value, value)
    }
    return [...samples.values()]
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
