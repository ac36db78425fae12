import type { GenerationEnd } from '../channel/caller.ts'
import type { ComponentMemory, Ledger } from '../contract/ledger.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import { keepContext } from '../base/context.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { Generation } from '../host/generation.ts'
import type { SpareWorkers } from '../host/spare-workers.ts'
import type { Logger } from '../contract/logger.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { expectNumber, expectOneOf, expectOptions } from '../base/option-checks.ts'
import { AdmissionControl } from './act/admission-control.ts'
import { freeMemory } from './act/free-memory.ts'
import type { FreeMemoryResult } from './act/free-memory.ts'
import { MemoryBook, readable } from './account/book.ts'
import type { MemoryEvents } from './events.ts'
import { MemoryFence } from './act/memory-fence.ts'
import { resolveMemoryOptions } from './options.ts'
import type { MemoryOptions } from './options.ts'
import { policyOf } from './decide/policy-registry.ts'
import { isAtLeast, levels } from './decide/pressure.ts'
import { PressureGauge } from './pressure-gauge.ts'
import { PressureRelief } from './act/pressure-relief.ts'
import type { Reclaimer } from './act/reclaimer.ts'
import { RunawayWatch } from './act/runaway-watch.ts'
import { Sampling } from './measure/sampling.ts'
import { ThrashWatch } from './act/thrash-watch.ts'
import { planUnload } from './decide/plan.ts'
import type { UnloadPlan } from './decide/plan.ts'
import { Unloader } from './act/unloader.ts'
import { WorkerLoadMeter } from './measure/processor-use.ts'
import type { WorkerLoad } from './measure/processor-use.ts'

export interface MemoryManagerOptions {
  readonly options: MemoryOptions
  readonly registry: Registry
  readonly spares: SpareWorkers
  readonly reclaimer: Reclaimer
  readonly logger: Logger
  readonly emit: MemoryEvents
}

/** ms that an unload waits for the figures it reports. */
const measureDeadline = 250
/** Unloads that a reload soon after shows to have been a mistake of ours. */
const automatic: ReadonlySet<UnloadReason> = new Set(['pressure', 'admission'])

/**
 * Keeps the account of the process's memory and keeps it under its limit: samples every worker, tells the pressure, unloads what is idle and
 * least important, and lets a load in only when it fits.
 */
export class MemoryManager implements Disposable {
  readonly #registry: Registry
  readonly #reclaimer: Reclaimer
  readonly #logger: Logger
  readonly #emit: MemoryEvents
  readonly #book: MemoryBook
  readonly #gauge: PressureGauge
  readonly #fence: MemoryFence
  readonly #runaways: RunawayWatch
  readonly #unloader: Unloader
  readonly #relief: PressureRelief
  readonly #admission: AdmissionControl
  readonly #thrashing: ThrashWatch
  readonly #loads = new WorkerLoadMeter(() => monotonicNow())
  readonly #sampling: Sampling
  readonly #inContext = keepContext()
  #options: MemoryOptions
  /** As told last. */
  #level: PressureLevel = 'low'

  constructor({ options, registry, spares, reclaimer, logger, emit }: MemoryManagerOptions) {
    this.#options = options
    this.#registry = registry
    this.#reclaimer = reclaimer
    this.#logger = logger
    this.#emit = emit
    const now = monotonicNow
    const book = new MemoryBook({
      registry,
      spares,
      residentSet: () => reclaimer.residentSet(),
      now,
      onMeasured: (supervisor, held, age) => this.#fence.check(supervisor, { held, age }, this.limit),
    })
    const live = { book, options: () => this.#options, sample: async () => this.#sampling.anew(), now }
    const gauge = new PressureGauge({ ...live, pending: () => reclaimer.pending })
    const unloader = new Unloader({ registry, book })
    this.#book = book
    this.#gauge = gauge
    this.#unloader = unloader
    this.#fence = new MemoryFence(logger, book)
    this.#runaways = new RunawayWatch({
      logger,
      book,
      fence: this.#fence,
      limit: () => this.limit,
      reclaimable: () => this.#reclaimable,
      now,
    })
    this.#thrashing = new ThrashWatch(logger, now)
    this.#admission = new AdmissionControl({ ...live, gauge, unloader, logger })
    this.#relief = new PressureRelief({
      ...live,
      gauge,
      spares,
      unloader,
      plan: (level, need) => this.#plan(level, need),
      logger,
      exhausted: (event) => emit.exhausted(event),
    })
    this.#sampling = new Sampling({
      book,
      gauge,
      logger,
      waiting: () => this.#admission.waiting,
      retryIn: () => this.#relief.retryIn,
      sampled: (ledger) => this.#sampled(ledger),
    })
  }

  /** Accounted bytes: main thread, workers, and the reservations of loads under way. */
  get usage(): number {
    return this.#book.usage
  }

  /** Bytes: the total limit, or 90% of a smaller limit of the control group. */
  get limit(): number {
    return this.#gauge.limit
  }

  get pressureLevel(): PressureLevel {
    return this.#gauge.level
  }

  get options(): MemoryOptions {
    return this.#options
  }

  isAtLeast(level: PressureLevel): boolean {
    return isAtLeast(this.#gauge.level, expectOneOf('level', level, levels))
  }

  /** What was loaded again within 60 s of an automatic unload, in the last minute: loads, and bytes. */
  get churn(): { readonly loads: number; readonly bytes: number } {
    return this.#thrashing.churn
  }

  /** True while components push each other out: what is asked for does not fit under the limit. */
  get thrashing(): boolean {
    return this.#thrashing.thrashing
  }

  /** The last figures, without measuring anew. */
  ledger(): Ledger {
    return this.#gauge.ledger()
  }

  /** ms since the figures of `ledger()` were taken. */
  get sampleAge(): number {
    return this.#gauge.age
  }

  /** Measures now. What does not answer within 250 ms is stale, and counted as it was. */
  async sample(): Promise<Ledger> {
    return this.#inContext(() => this.#sampling.sample())
  }

  /**
   * What a round would do, and why: who would go, who stays. Changes nothing.
   *
   * @param level default: the current one. For another one usage is taken to be at its threshold at least.
   * @throws InvalidOptionsError
   */
  plan(level: PressureLevel = this.#gauge.level): UnloadPlan {
    expectOneOf('level', level, levels)
    return this.#plan(level, this.#gauge.needAt(level))
  }

  /**
   * Unloads idle components until so many bytes are free. No idle floor; never what is in use, pinned or protected by its priority.
   *
   * @throws InvalidOptionsError; the signal's reason when aborted, with what was unloaded until then staying unloaded.
   */
  async freeMemory(bytes: number, options: { readonly signal?: AbortSignal } = {}): Promise<FreeMemoryResult> {
    expectNumber('bytes', bytes, { min: 0 })
    const { signal } = expectOptions(options, ['signal'])
    signal?.throwIfAborted()
    const needs = {
      sample: async () => this.#sampling.anew(),
      candidates: () => this.#book.candidates(this.#options.minIdleTime),
      policy: policyOf(this.#options.policy),
      unload: async (name: string) => this.#unloader.unload(name, 'free-memory'),
    }
    return this.#inContext(() => this.#unloader.exclusively(async () => freeMemory(bytes, needs, signal)))
  }

  /**
   * Changes options while running; what is not given stays.
   *
   * @throws InvalidOptionsError when the whole would not fit together; then nothing changes.
   */
  configure(options: Partial<MemoryOptions>): void {
    this.#options = resolveMemoryOptions(options, this.#options)
    this.#inContext(() => {
      this.#relief.retry()
      this.#admission.changed()
      this.#sampling.request()
    })
  }

  /**
   * How busy a component's worker is. The shares are of the time between the last two readings, which are taken when somebody asks, a second or
   * more apart.
   *
   * @returns null when it is not loaded, and before the second reading.
   * @throws ComponentNotFoundError
   */
  load(name: string): WorkerLoad | null {
    const { generation } = this.#registry.get(name)
    return generation ? this.#loads.read(generation.host.worker) : null
  }

  /** @internal */
  async admit(supervisor: Supervisor, signal: AbortSignal): Promise<Disposable> {
    this.#sampling.poke()
    return this.#admission.admit(supervisor, signal)
  }

  /**
   * Bytes the component holds, measured now if it answers quickly.
   *
   * @internal
   */
  async measure(supervisor: Supervisor): Promise<number> {
    await this.#book.measureOne(supervisor, measureDeadline)
    return this.memoryOf(supervisor)?.total ?? 0
  }

  /** @internal */
  memoryOf(supervisor: Supervisor): ComponentMemory | null {
    const memory = this.#book.memoryOf(supervisor)
    return memory && readable(memory)
  }

  /**
   * Bytes; undefined before it was first measured.
   *
   * @internal
   */
  learnedPeakOf(supervisor: Supervisor): number | undefined {
    return this.#book.learnedPeakOf(supervisor)
  }

  /**
   * ms it has to stay loaded because it was reloaded too soon after unloads.
   *
   * @internal
   */
  minResidencyOf(name: string): number {
    return this.#book.minResidencyOf(this.#registry.get(name))
  }

  /** ms that the last sample took. */
  get sampleTime(): number {
    return this.#sampling.time
  }

  /** @internal */
  workerStarted(supervisor: Supervisor): void {
    this.#book.workerStarted(supervisor)
    this.#sampling.poke()
  }

  /**
   * Something has begun to use a component, or nothing does any longer.
   *
   * @internal
   */
  busy(supervisor: Supervisor, busy: boolean): void {
    if (busy) {
      this.#book.account(supervisor).called(monotonicNow())
      this.#sampling.poke()
      return
    }
    this.#book.account(supervisor).idle(monotonicNow())
    this.#admission.changed()
    this.#relief.retry()
    this.#sampling.poke()
  }

  /** @internal */
  loaded(supervisor: Supervisor): void {
    const account = this.#book.account(supervisor)
    this.#thrashing.loaded(account)
    account.loaded(monotonicNow())
    this.#admission.loaded(supervisor)
    this.#sampling.request()
  }

  /** @internal */
  workerEnded(
    supervisor: Supervisor,
    generation: Generation,
    end: GenerationEnd,
    reason: UnloadReason | undefined,
  ): void {
    const overgrown = end.reason === 'memory-limit' || end.reason === 'out-of-memory'
    const evicted = reason !== undefined && automatic.has(reason)
    const fate = overgrown ? 'overgrown' : evicted ? 'evicted' : 'ended'
    this.#book.workerEnded(supervisor, generation, fate, (freed) => {
      this.#gauge.jumped(-freed)
      this.#admission.changed()
      this.#sampling.request()
    })
    this.#admission.ended(supervisor)
    this.#unloader.workerEnded(supervisor)
  }

  /** @internal */
  unloaded({ reason, times, retained }: UnloadReport): void {
    // One that was asked for by name may have been waiting for calls under way; that says nothing about the others.
    if (automatic.has(reason)) this.#gauge.unloadTook(times.drain + times.dispose + times.terminate)
    this.#reclaimer.retained(retained)
  }

  /**
   * Neither samples nor unloads anything more by itself.
   *
   * @internal
   */
  stop(): void {
    this.#sampling.stop()
    this.#relief.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  #sampled(ledger: Ledger): void {
    const { pressureLevel: level, usage, limit } = ledger
    const previous = this.#level
    this.#level = level
    this.#emit.sample(ledger)
    if (previous !== level) {
      this.#logger.info({ level, previous, usage, limit }, 'memory pressure changed')
      this.#emit.pressure({ level, previous, usage, limit })
    }
    this.#runaways.check()
    this.#relief.act()
    this.#admission.changed()
  }

  /** What a round without end would unload. */
  get #reclaimable(): UnloadPlan['victims'] {
    return this.#options.autoUnloadEnabled ? this.#plan('critical', Number.POSITIVE_INFINITY).victims : []
  }

  #plan(level: PressureLevel, need: number): UnloadPlan {
    const candidates = this.#book.candidates(this.#options.minIdleTime)
    return planUnload(policyOf(this.#options.policy), candidates, level, need)
  }
}

export type { FreeMemoryResult, Ledger, WorkerLoad }
export type { ExhaustedEvent, PressureEvent } from '../contract/events.ts'
