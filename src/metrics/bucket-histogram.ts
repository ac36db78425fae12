import type { Sample } from './computed-metric.ts'

/** Counts of observations by upper bound, as Prometheus' classic histograms have them. An observation costs a binary search and two additions. */
export class BucketHistogram {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  /** @param bounds upper bounds, inclusive, ascending, without +Inf. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let low = 0
    let high = this.#bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= (this.#bounds[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1
    this.#sum += value
  }

  /** The series of a metric called `name`: cumulative buckets, sum and count; none before the first observation. */
  *samples(name: string, labels: Readonly<Record<string, string>>): Iterable<Sample> {
    if (this.#sum === 0 && this.#counts.every((count) => count === 0)) return
    let count = 0
    for (const [index, bound] of [...this.#bounds, '+Inf'].entries()) {
      count += this.#counts[index] ?? 0
      yield { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: count }
    }
    yield { metricName: `${name}_sum`, labels, value: this.#sum }
    yield { metricName: `${name}_count`, labels, value: count }
  }
}

/** Seconds: from a call that stays on one core to one that loads its component first. */
export const callBounds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
/** Seconds. */
export const loadBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Seconds: a drain, a dispose hook, the end of a thread. */
export const unloadBounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10]
