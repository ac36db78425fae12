import type { Supervisor } from '../../component/supervisor.ts'
import type { Admission } from '../../component/surroundings.ts'
import type { Logger } from '../../contract/logger.ts'
import { decideAdmission } from '../decide/admission.ts'
import type { AdmissionDecision } from '../decide/admission.ts'
import { AdmissionQueue } from './admission-queue.ts'
import type { LoadRequest } from './admission-queue.ts'
import type { MemoryBook } from '../account/book.ts'
import type { MemoryOptions } from '../options.ts'
import { policyOf } from '../decide/policy-registry.ts'
import type { PressureGauge } from '../pressure-gauge.ts'
import type { Unloader } from './unloader.ts'

/** ms after which figures are too old to decide a load by when memory is tight. */
const freshEnough = 100
/** ms that a load is taken to last: what grows meanwhile takes the same room. */
const loadTime = 500
/** ms that a component that was loaded just now has to say what it holds. */
const measureDeadline = 250

export interface AdmissionControlOptions {
  readonly gauge: PressureGauge
  readonly book: MemoryBook
  readonly unloader: Unloader
  readonly options: () => MemoryOptions
  /** Measures, from now on. */
  readonly sample: () => Promise<unknown>
  readonly logger: Logger
  /** ms of a monotonic clock. */
  readonly now: () => number
}

/** Lets a load in when it fits, after what is idle has made room for it where need be. */
export class AdmissionControl implements Admission {
  readonly #options: AdmissionControlOptions
  readonly #queue: AdmissionQueue
  /** Loaded since the last decision: what they have come to hold is in nobody's figures yet. */
  readonly #unmeasured = new Set<Supervisor>()

  constructor(options: AdmissionControlOptions) {
    this.#options = options
    const { book, gauge, unloader, sample, logger, now } = options
    this.#queue = new AdmissionQueue({
      now,
      refresh: async (need) => {
        await this.#measureLoaded()
        const tight = book.usage + need > gauge.limit * options.options().lowThreshold
        if (tight && gauge.age > freshEnough) await sample()
      },
      decide: (request, need, waited) => this.#decide(request, need, waited),
      unload: async (name, { name: component, need: needed }, { need, victims, kept }) =>
        unloader.exclusively(async () => {
          const unloaded = (await unloader.unload(name, 'admission')) !== undefined
          await sample()
          const result = { unloaded: unloaded ? [name] : [], victims, kept }
          logger.info({ component, needed, need, level: gauge.level, ...result }, 'unloaded to make room for a load')
          return unloaded
        }),
      reserve: ({ name, need, mayNeed }) => {
        gauge.jumped(need)
        return book.reservations.reserve(name, need, mayNeed)
      },
      usage: () => ({ usage: book.usage, limit: gauge.limit }),
      growth: () => this.#growth,
      high: () => options.options().highThreshold * gauge.limit,
      possible: () => book.reservations.possible,
    })
  }

  async admit(supervisor: Supervisor, signal: AbortSignal): Promise<Disposable> {
    const { gauge, book } = this.#options
    const { name, definition } = supervisor
    const expected = book.expected(supervisor, gauge.limit)
    return this.#queue.admit({ name, ...expected, timeout: definition.timeout }, signal)
  }

  /** A load is over, and it is not known yet what it took. */
  loaded(supervisor: Supervisor): void {
    this.#unmeasured.add(supervisor)
  }

  ended(supervisor: Supervisor): void {
    this.#unmeasured.delete(supervisor)
  }

  /** Loads that wait for memory. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /** Memory was freed, or something has become idle: those who wait may ask again. */
  changed(): void {
    if (this.#queue.waiting > 0) this.#queue.changed()
  }

  /** Bytes by which what is loaded will have grown when a load that begins now is over. */
  get #growth(): number {
    return this.#options.book.growth * loadTime
  }

  async #measureLoaded(): Promise<void> {
    const loaded = [...this.#unmeasured]
    this.#unmeasured.clear()
    await Promise.all(loaded.map(async (supervisor) => this.#options.book.measureOne(supervisor, measureDeadline)))
  }

  #decide({ timeout }: LoadRequest, need: number, waited: number): AdmissionDecision {
    const { gauge, book, options } = this.#options
    const { highThreshold, criticalThreshold, policy, autoUnloadEnabled, minIdleTime } = options()
    return decideAdmission({
      need,
      usage: book.usage,
      growth: this.#growth,
      reservations: book.reservations.outstanding,
      leaving: book.leaving,
      limit: gauge.limit,
      highThreshold,
      criticalThreshold,
      candidates: book.candidates(minIdleTime),
      policy: policyOf(policy),
      autoUnloadEnabled,
      waited,
      timeout,
    })
  }
}
