import type { GenerationEnd } from '../channel/caller.ts'
import type { ComponentMemory } from '../component/component-info.ts'
import type { PressureLevel } from '../component/define.ts'
import type { UnloadReason } from '../component/lifecycle.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { UnloadReport } from '../component/unload.ts'
import type { Generation } from '../host/generation.ts'
import type { SpareWorkers } from '../host/spare-workers.ts'
import type { Logger } from '../observability/logger.ts'
import { expectNumber } from '../options.ts'
import { AdmissionControl } from './admission-control.ts'
import { freeMemory } from './free-memory.ts'
import type { FreeMemoryResult } from './free-memory.ts'
import type { Ledger } from './ledger.ts'
import { MemoryBook } from './memory-book.ts'
import type { MemoryEvents } from './memory-events.ts'
import { MemoryFence } from './memory-fence.ts'
import { resolveMemoryOptions } from './memory-options.ts'
import type { MemoryOptions } from './memory-options.ts'
import { policyOf } from './policy-registry.ts'
import { isAtLeast } from './pressure.ts'
import { PressureGauge } from './pressure-gauge.ts'
import { PressureRelief } from './pressure-relief.ts'
import type { Reclaimer } from './reclaimer.ts'
import { SamplingLoop } from './sampling-loop.ts'
import { ThrashWatch } from './thrash-watch.ts'
import { planUnload } from './unload-plan.ts'
import type { UnloadPlan } from './unload-plan.ts'
import { Unloader } from './unloader.ts'
import { WorkerLoadMeter } from './worker-load.ts'
import type { WorkerLoad } from './worker-load.ts'

export interface MemoryManagerOptions {
  readonly options: MemoryOptions
  readonly registry: Registry
  readonly spares: SpareWorkers
  readonly reclaimer: Reclaimer
  readonly logger: Logger
  /** Epoch ms. */
  readonly now: () => number
  readonly emit: MemoryEvents
}

/** ms that a sample of one's own accord waits for answers: the next one is never far. */
const patience = 25
/** ms that a sample somebody asked for waits for answers, and an unload for the figures it reports. */
const longPatience = 250
/** ms between two looks while something is at work, while everything loaded is idle, and for each worker that runs. */
const watch = { active: 25, idle: 100, perRunning: 2.5 }
/** A change of usage by this share of the limit since the last sample asks for another. */
const noticeable = 1 / 64
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
  readonly #unloader: Unloader
  readonly #relief: PressureRelief
  readonly #admission: AdmissionControl
  readonly #thrashing: ThrashWatch
  readonly #loads = new WorkerLoadMeter(() => performance.now())
  readonly #loop: SamplingLoop
  #options: MemoryOptions
  #sampling: { readonly thorough: boolean; readonly ledger: Promise<Ledger> } | undefined
  #running = 0
  #sampleTime = 0

  constructor({ options, registry, spares, reclaimer, logger, now: epoch, emit }: MemoryManagerOptions) {
    this.#options = options
    this.#registry = registry
    this.#reclaimer = reclaimer
    this.#logger = logger
    this.#emit = emit
    const now = (): number => performance.now()
    const book = new MemoryBook({
      registry,
      spares,
      residentSet: () => reclaimer.residentSet(),
      now,
      epoch,
      onMeasured: (supervisor, held) => this.#fence.check(supervisor, held, this.limit),
    })
    const live = { book, options: () => this.#options, sample: async () => this.#sampleAnew(), now }
    const gauge = new PressureGauge({ ...live, pending: () => reclaimer.pending })
    const unloader = new Unloader({ registry, book })
    this.#book = book
    this.#gauge = gauge
    this.#unloader = unloader
    this.#fence = new MemoryFence(logger, book)
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
    this.#loop = new SamplingLoop({
      interval: () => this.#interval,
      look: () => void (this.#running = book.measurement.look()),
      watch: () => this.#watch,
      tick: async () => this.#tick(),
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
    return isAtLeast(this.#gauge.level, level)
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

  /** Measures now. What does not answer within 250 ms is stale, and counted as it was. */
  async sample(): Promise<Ledger> {
    return this.#sample(true)
  }

  /**
   * What a round would do, and why: who would go, who stays. Changes nothing.
   *
   * @param level default: the current one. For another one usage is taken to be at its threshold at least.
   */
  plan(level: PressureLevel = this.#gauge.level): UnloadPlan {
    return this.#plan(level, this.#gauge.needAt(level))
  }

  /**
   * Unloads idle components until so many bytes are free. No idle floor; never what is in use, pinned or protected by its priority.
   *
   * @throws InvalidOptionsError; the signal's reason when aborted, with what was unloaded until then staying unloaded.
   */
  async freeMemory(bytes: number, options: { readonly signal?: AbortSignal } = {}): Promise<FreeMemoryResult> {
    expectNumber('bytes', bytes, { min: 0 })
    const { signal } = options
    signal?.throwIfAborted()
    return this.#unloader.exclusively(async () =>
      freeMemory(
        bytes,
        {
          sample: async () => this.#sampleAnew(),
          candidates: () => this.#book.candidates(this.#options.minIdleTime),
          policy: policyOf(this.#options.policy),
          unload: async (name) => this.#unloader.unload(name, 'free-memory'),
        },
        signal,
      ),
    )
  }

  /**
   * Changes options while running; what is not given stays.
   *
   * @throws InvalidOptionsError when the whole would not fit together; then nothing changes.
   */
  configure(options: Partial<MemoryOptions>): void {
    this.#options = resolveMemoryOptions(options, this.#options)
    this.#relief.retry()
    this.#admission.changed()
    this.#loop.request()
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
    this.#loop.poke()
    return this.#admission.admit(supervisor, signal)
  }

  /**
   * Bytes the component holds, measured now if it answers quickly.
   *
   * @internal
   */
  async measure(supervisor: Supervisor): Promise<number> {
    await this.#book.measureOne(supervisor, longPatience)
    return this.memoryOf(supervisor.name)?.total ?? 0
  }

  /** @internal */
  memoryOf(name: string): ComponentMemory | null {
    return this.#book.memoryOf(name)
  }

  /**
   * Bytes; undefined before it was first measured.
   *
   * @internal
   */
  learnedPeakOf(name: string): number | undefined {
    return this.#book.learnedPeakOf(name)
  }

  /**
   * ms it has to stay loaded because it was reloaded too soon after unloads.
   *
   * @internal
   */
  minResidencyOf(name: string): number {
    return this.#book.minResidencyOf(name)
  }

  /** ms that the last sample took. */
  get sampleTime(): number {
    return this.#sampleTime
  }

  /** @internal */
  workerStarted(supervisor: Supervisor): void {
    this.#book.workerStarted(supervisor)
    this.#loop.poke()
  }

  /**
   * Something has begun to use a component, or nothing does any longer.
   *
   * @internal
   */
  busy(supervisor: Supervisor, busy: boolean): void {
    if (busy) {
      this.#book.account(supervisor.name).called(performance.now())
      this.#loop.poke()
      return
    }
    this.#book.account(supervisor.name).idle(performance.now())
    this.#admission.changed()
    this.#relief.retry()
    this.#loop.poke()
  }

  /** @internal */
  loaded(supervisor: Supervisor): void {
    const account = this.#book.account(supervisor.name)
    this.#thrashing.loaded(account)
    account.loaded(performance.now())
    this.#loop.request()
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
      this.#loop.request()
    })
    this.#unloader.workerEnded(supervisor)
  }

  /** @internal */
  unloaded({ reason, times, retained }: UnloadReport): void {
    // One that was asked for by name may have been waiting for calls under way; that says nothing about the others.
    if (automatic.has(reason)) this.#gauge.unloadTook(times.drain + times.dispose + times.terminate)
    this.#reclaimer.retained(retained)
  }

  /** @internal */
  forget(name: string): void {
    this.#book.forget(name)
  }

  /**
   * Neither samples nor unloads anything more by itself.
   *
   * @internal
   */
  stop(): void {
    this.#loop.stop()
    this.#relief.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  async #tick(): Promise<void> {
    try {
      await this.#sample(false)
    } catch (error) {
      this.#logger.error({ err: error }, 'sampling memory failed')
    }
  }

  /** A sample that begins now: one that is under way may have asked before whatever the caller has just done. */
  async #sampleAnew(): Promise<Ledger> {
    await this.#sampling?.ledger
    return this.#sample(false)
  }

  /** @param thorough asks all workers, and gives them time to answer; otherwise those that have run since. */
  async #sample(thorough: boolean): Promise<Ledger> {
    while (this.#sampling) {
      const { ledger } = this.#sampling
      if (this.#sampling.thorough || !thorough) return ledger
      await ledger
    }
    const sampling = { thorough, ledger: this.#takeSample(thorough) }
    this.#sampling = sampling
    try {
      return await sampling.ledger
    } finally {
      this.#sampling = undefined
    }
  }

  async #takeSample(thorough: boolean): Promise<Ledger> {
    const { measurement } = this.#book
    const start = performance.now()
    if (thorough) await measurement.measureAll(longPatience)
    else await measurement.update(patience)
    const previous = this.#gauge.level
    const ledger = this.#gauge.read()
    this.#sampleTime = performance.now() - start
    this.#loop.noteSample()
    this.#emit.sample(ledger)
    if (previous !== ledger.pressureLevel) this.#levelChanged(previous, ledger)
    this.#fence.stopRunaway(ledger.limit)
    this.#relief.act()
    this.#admission.changed()
    return ledger
  }

  #levelChanged(previous: PressureLevel, { pressureLevel: level, usage, limit }: Ledger): void {
    this.#logger.info({ level, previous, usage, limit }, 'memory pressure changed')
    this.#emit.pressure({ level, previous, usage, limit })
  }

  #plan(level: PressureLevel, need: number): UnloadPlan {
    const candidates = this.#book.candidates(this.#options.minIdleTime)
    return planUnload(policyOf(this.#options.policy), candidates, level, need)
  }

  /** ms from one sample to the next, as things stand. */
  get #interval(): number {
    if (Math.abs(this.usage - this.#gauge.usage) > this.limit * noticeable) return 1
    return Math.min(this.#gauge.interval, this.#relief.retryIn)
  }

  /** ms to the next look. What runs costs something to look at, so with many it is looked at less often. */
  get #watch(): number {
    const { live } = this.#book
    if (live.size === 0 && this.#admission.waiting === 0) return Number.POSITIVE_INFINITY
    const active =
      this.#running > 0 || this.#admission.waiting > 0 || [...live].some((supervisor) => isActive(supervisor))
    if (!active) return watch.idle
    return Math.min(watch.idle, Math.max(watch.active, this.#running * watch.perRunning))
  }
}

const isActive = ({ state, inUse }: Supervisor): boolean => state.status !== 'ready' || inUse > 0

export type { FreeMemoryResult, Ledger, WorkerLoad }
export type { ExhaustedEvent, PressureEvent } from './memory-events.ts'
