import type { Telling } from '../../host/told-memory.ts'
import { isWork, worthAsking } from '../decide/questions.ts'
import type { Silent } from '../decide/questions.ts'
import { isFar, lookAtFar } from '../decide/schedule.ts'
import { LONGEST_LOOK, MEDIUM_DWELL, PACE, WORTHWHILE } from '../tuning.ts'
import { WorkerActivity } from './worker-activity.ts'
import type { Look } from './worker-activity.ts'
import { WorkerSampler } from './worker-sampler.ts'
import type { SampleTarget } from './worker-sampler.ts'

/** Something whose worker is measured again and again. */
export interface MeasuredTarget extends SampleTarget {
  /** Bytes that it may take before it passes a limit. */
  readonly room: number
  /** Figures that its worker has told by itself. */
  told(telling: Telling): void
  /** It has hardly done anything since its last figures, so they still stand. */
  unchanged(): void
}

export interface MeasurementOptions {
  readonly targets: () => Iterable<MeasuredTarget>
  /** ms of a monotonic clock. */
  readonly now: () => number
  /** Bytes that all together may take before something has to be decided. */
  readonly room: () => number
  /** Nobody is in use, is being loaded, or has run of late. */
  readonly allRest: () => boolean
  /** Resident set of this process, bytes. */
  readonly residentSet: () => number
}

interface SilentTarget extends Silent {
  readonly target: MeasuredTarget
}

/** Measures workers: all of them, those that have run since they were measured last, or only those of them of whom that matters. */
export class Measurement {
  readonly #options: MeasurementOptions
  readonly #now: () => number
  readonly #sampler: WorkerSampler
  readonly #activity = new WorkerActivity()
  readonly #ranAt = new WeakMap<MeasuredTarget, number>()
  #lookedAt = Number.NEGATIVE_INFINITY
  #allowance = 0
  /** ms from one look at those that are far from all limits to the next. */
  #everyFar = LONGEST_LOOK
  /** Resident set at the last look, since which nothing is known to have begun. */
  #resting: number | undefined

  constructor(options: MeasurementOptions) {
    const { now } = options
    this.#options = options
    this.#now = now
    this.#sampler = new WorkerSampler(now, (worker) => this.#activity.note(worker))
  }

  /** Something has begun to work, and will be seen at the next look even if it is over by then. */
  stir(): void {
    this.#resting = undefined
  }

  /** Takes in what workers have told, and asks those of whom that matters, without waiting for their answers. Returns how many have run; undefined: all rest, and none was looked at. */
  look(): number | undefined {
    if (this.#isAtRest()) return undefined
    const now = this.#now()
    const elapsed = now - this.#lookedAt
    this.#lookedAt = now
    const all = [...this.#options.targets()]
    const room = this.#options.room()
    this.#everyFar = lookAtFar(all.length)
    const due = all.filter(
      (target) => now - this.#activity.lookedAt(target.worker) >= this.#everyFar || !isFar(Math.min(room, target.room)),
    )
    const silent: SilentTarget[] = []
    let ran = 0
    for (const { target, unseen, worked, elapsed: since } of this.#changed(due)) {
      ran++
      if (this.#sampler.isAsked(target.worker)) this.#sampler.ask(target)
      else if (isWork(unseen)) silent.push({ target, unseen, isRunning: worked >= since / 2, room: target.room })
    }
    this.#allowance = Math.min(this.#allowance + elapsed / PACE.question, LONGEST_LOOK / PACE.question)
    const { asked, spent } = worthAsking(silent, room, this.#allowance)
    this.#allowance -= spent
    for (const { target } of asked) this.#sampler.ask(target)
    const allRest = ran === 0 && due.length === all.length && this.#options.allRest()
    this.#resting = allRest ? this.#options.residentSet() : undefined
    return ran
  }

  /** Whoever begins something by himself, when a timer fires, say, is seen within some seconds, or as soon as the process has grown. */
  #isAtRest(): boolean {
    return (
      this.#resting !== undefined &&
      this.#now() - this.#lookedAt < MEDIUM_DWELL &&
      this.#options.residentSet() - this.#resting < WORTHWHILE
    )
  }

  /** New figures of those that have run, at the latest after `patience` ms; those of the others still stand. */
  async update(patience: number): Promise<void> {
    const unknown: MeasuredTarget[] = []
    for (const { target, unseen } of this.#changed(this.#options.targets())) {
      if (isWork(unseen) || this.#sampler.isAsked(target.worker)) unknown.push(target)
    }
    await this.#sampler.sample(unknown, patience)
  }

  /** New figures of all, asked for from now on; a worker has `patience` ms to answer. */
  async measureAll(patience: number): Promise<void> {
    await this.#sampler.sampleAnew(this.#options.targets(), patience)
  }

  /** New figures of one, asked for from now on; it has `patience` ms to answer. */
  async measureOne(target: MeasuredTarget, patience: number): Promise<void> {
    await this.#sampler.sampleAnew([target], patience)
  }

  /** Whether it has been seen to run of late. */
  isRunning(target: MeasuredTarget): boolean {
    return this.#now() - (this.#ranAt.get(target) ?? Number.NEGATIVE_INFINITY) < this.#everyFar
  }

  /** Those that have run since they were last looked at, and those whose answer is not here yet: it may be older than what they did last. */
  *#changed(targets: Iterable<MeasuredTarget>): Iterable<Look & { readonly target: MeasuredTarget }> {
    const now = this.#now()
    for (const target of targets) {
      const look = this.#activity.look(target.worker, now)
      const { telling, unseen } = look
      if (telling) target.told(telling)
      const isAsked = this.#sampler.isAsked(target.worker)
      const isUnseen = isWork(unseen)
      if (isUnseen || telling) this.#ranAt.set(target, now)
      if (!isUnseen && !isAsked) target.unchanged()
      if (isUnseen || isAsked || telling) yield { target, ...look }
    }
  }
}
