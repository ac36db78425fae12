import { LONGEST_LOOK } from '../tuning.ts'
import { WorkerActivity } from './worker-activity.ts'
import { WorkerSampler } from './worker-sampler.ts'
import type { SampleTarget } from './worker-sampler.ts'

/** Something whose worker is measured again and again. */
export interface MeasuredTarget extends SampleTarget {
  /** It has hardly done anything since its last figures, so they still stand. */
  unchanged(): void
}

/** Measures workers: all of them, or only those that have run since they were measured last. */
export class Measurement {
  readonly #targets: () => Iterable<MeasuredTarget>
  readonly #now: () => number
  readonly #sampler: WorkerSampler
  readonly #activity = new WorkerActivity()
  readonly #ranAt = new WeakMap<MeasuredTarget, number>()

  /** @param now ms of a monotonic clock. */
  constructor(targets: () => Iterable<MeasuredTarget>, now: () => number) {
    this.#targets = targets
    this.#now = now
    this.#sampler = new WorkerSampler(now, (worker) => this.#activity.note(worker))
  }

  /** Asks those that have run, without waiting for their answers. Returns how many there were. */
  look(): number {
    let count = 0
    for (const target of this.#changed()) {
      count++
      this.#sampler.ask(target)
    }
    return count
  }

  /** New figures of those that have run, at the latest after `patience` ms; those of the others still stand. */
  async update(patience: number): Promise<void> {
    await this.#sampler.sample(this.#changed(), patience)
  }

  /** New figures of all, asked for from now on; a worker has `patience` ms to answer. */
  async measureAll(patience: number): Promise<void> {
    await this.#sampler.sampleAnew(this.#targets(), patience)
  }

  /** New figures of one, asked for from now on; it has `patience` ms to answer. */
  async measureOne(target: MeasuredTarget, patience: number): Promise<void> {
    await this.#sampler.sampleAnew([target], patience)
  }

  /** Whether it has been seen to run of late. */
  isRunning(target: MeasuredTarget): boolean {
    return this.#now() - (this.#ranAt.get(target) ?? Number.NEGATIVE_INFINITY) < LONGEST_LOOK
  }

  /** Also those whose answer is not here yet: it may be older than what they did last. */
  *#changed(): Iterable<MeasuredTarget> {
    for (const target of this.#targets()) {
      const hasRun = this.#activity.hasRun(target.worker)
      if (hasRun) this.#ranAt.set(target, this.#now())
      if (hasRun || this.#sampler.isAsked(target.worker)) yield target
      else target.unchanged()
    }
  }
}
