import { arrivalsTakenIn, withDeadline } from '../../base/deadline.ts'
import type { MeasuredWorker } from '../../host/component-host.ts'
import type { WorkerMemory } from '../../host/worker-memory.ts'
import { ANSWER_TIME } from '../tuning.ts'

/** Something whose worker is measured. */
export interface SampleTarget {
  readonly worker: MeasuredWorker
  /** The figures, as soon as they are there; possibly long after they were asked for (`asked`, ms), which is when they were true. */
  answered(memory: WorkerMemory, asked: number): void
  /** It has not answered in time. */
  late(): void
}

interface Question {
  /** ms of a monotonic clock. */
  readonly at: number
  readonly over: Promise<void>
}

/**
 * Asks workers for what they hold side by side. One that hangs is asked once and then left alone until it answers, so it
 * delays nobody: not a sample beyond its patience, and not the next one at all.
 */
export class WorkerSampler {
  readonly #open = new WeakMap<MeasuredWorker, Question>()
  readonly #now: () => number
  readonly #asked: (worker: MeasuredWorker) => void

  /**
   * @param now ms of a monotonic clock.
   * @param asked told of each question as it is put.
   */
  constructor(now: () => number, asked: (worker: MeasuredWorker) => void) {
    this.#now = now
    this.#asked = asked
  }

  /** It has been asked and its answer is not here yet: what it did since may not be in it. */
  isAsked(worker: MeasuredWorker): boolean {
    return this.#open.has(worker)
  }

  /** Asks without waiting for the answer. */
  ask(target: SampleTarget): void {
    const question = this.#question(target)
    if (this.#now() - question.at >= ANSWER_TIME) void this.#judge(target, question)
  }

  /** Asks, and resolves when all have answered, at the latest after `patience` ms. */
  async sample(targets: Iterable<SampleTarget>, patience: number): Promise<void> {
    const all = [...targets]
    await this.#takeInOverdue(all, patience)
    const waiting = new Map<SampleTarget, Promise<void>>()
    for (const target of all) {
      const { at, over } = this.#question(target)
      if (this.#now() - at >= patience) target.late()
      else waiting.set(target, over)
    }
    if (waiting.size === 0) return
    const answers = [...waiting].map(async ([target, over]) => {
      await over
      waiting.delete(target)
    })
    await withDeadline(Promise.all(answers), patience)
    for (const target of waiting.keys()) this.ask(target)
  }

  /** The same, with answers to questions of its own: one that is open may have been answered in the worker already, before whatever the caller has in mind. */
  async sampleAnew(targets: Iterable<SampleTarget>, patience: number): Promise<void> {
    const all = [...targets]
    await this.#takeInOverdue(all, patience)
    const open = all.map(({ worker }) => this.#open.get(worker)).filter((question) => question !== undefined)
    const soon = open.filter(({ at }) => this.#now() - at < patience).map(async ({ over }) => over)
    if (soon.length > 0) await withDeadline(Promise.all(soon), patience)
    await this.sample(all, patience)
  }

  /** Answers may have come while this thread was blocked: they are there, and nobody is late. */
  async #takeInOverdue(targets: readonly SampleTarget[], patience: number): Promise<void> {
    const now = this.#now()
    const isOverdue = ({ worker }: SampleTarget): boolean => now - (this.#open.get(worker)?.at ?? now) >= patience
    if (targets.some(isOverdue)) await arrivalsTakenIn()
  }

  async #judge(target: SampleTarget, question: Question): Promise<void> {
    await arrivalsTakenIn()
    if (this.#open.get(target.worker) === question) target.late()
  }

  #question(target: SampleTarget): Question {
    const { worker } = target
    let question = this.#open.get(worker)
    if (!question) {
      this.#asked(worker)
      const at = this.#now()
      question = { at, over: this.#put(target, at) }
      this.#open.set(worker, question)
    }
    return question
  }

  async #put(target: SampleTarget, at: number): Promise<void> {
    try {
      target.answered(await target.worker.memory(), at)
    } catch {
      // It is only starting, or gone.
    } finally {
      this.#open.delete(target.worker)
    }
  }
}
