import type { ComponentMemory, Ledger } from '../contract/ledger.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { PressureReason } from '../contract/pressure-reason.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import { keepContext } from '../base/context.ts'
import type { Spares } from '../host/spares.ts'
import { monotonicNow } from '../base/monotonic.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import type { Logger } from '../contract/logger.ts'
import { expectOneOf, expectOptions } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import type { Size } from '../contract/size.ts'
import type { Standing } from '../words/decision-words.ts'
import { MemoryBook, readable } from './account/book.ts'
import { LeakWatch } from './act/leak-watch.ts'
import { OpenRequests } from './act/open-requests.ts'
import type { FreeMemoryResult } from './act/open-requests.ts'
import { Performer } from './act/perform.ts'
import { isPoolDrained } from './act/pool-drain.ts'
import type { Reclaimer } from './act/reclaimer.ts'
import { Regrets } from './act/regrets.ts'
import { ThrashWatch } from './act/thrash-watch.ts'
import { planUnload } from './decide/plan.ts'
import type { UnloadPlan } from '../contract/unload-policy.ts'
import { policyOf } from './decide/policy-registry.ts'
import { bytesToFreeAt, isAtLeast, levels } from './decide/pressure.ts'
import { minResidency } from './decide/residency.ts'
import { candidatesIn } from './decide/snapshot.ts'
import type { MemoryEvents } from './events.ts'
import { Hearing } from './hearing.ts'
import { DecisionLoop } from './loop.ts'
import { Pace } from './pace.ts'
import { CgroupMeter } from './measure/cgroup.ts'
import { Measurement } from './measure/measurement.ts'
import { ProcessorMeter } from './measure/processor-use.ts'
import type { ProcessorUse } from './measure/processor-use.ts'
import { Sampling } from './measure/sampling.ts'
import { effectiveLimit, resolveMemoryOptions } from './options.ts'
import type { GivenMemoryOptions, MemoryOptions } from '../contract/memory-options.ts'
import { ANSWER_TIME } from './tuning.ts'

export interface MemoryManagerOptions {
  readonly clock: PolicyClock
  readonly options: MemoryOptions
  readonly registry: Registry
  readonly spares: Spares
  readonly reclaimer: Reclaimer
  readonly logger: Logger
  readonly emit: MemoryEvents
}

/**
 * Keeps the account of the process's memory and keeps it under its limit: samples every worker, tells the pressure, unloads what is idle and
 * least important, and lets a load in only when it fits.
 */
export class MemoryManager implements Disposable {
  readonly #registry: Registry
  readonly #clock: PolicyClock
  readonly #reclaimer: Reclaimer
  readonly #book: MemoryBook
  readonly #cgroup = new CgroupMeter(monotonicNow)
  readonly #measurement: Measurement
  readonly #requests: OpenRequests
  readonly #performer: Performer
  readonly #loop: DecisionLoop
  readonly #thrashing: ThrashWatch
  readonly #regrets: Regrets
  readonly #processor = new ProcessorMeter(monotonicNow)
  readonly #sampling: Sampling
  /** Who grows and keeps it. @internal */
  readonly leaks: LeakWatch
  /** Is told what becomes of components. @internal */
  readonly hearing: Hearing
  readonly #inContext = keepContext()
  #options: MemoryOptions

  constructor({ clock, options, registry, spares, reclaimer, logger, emit }: MemoryManagerOptions) {
    this.#options = options
    this.#registry = registry
    this.#clock = clock
    this.#reclaimer = reclaimer
    const now = monotonicNow
    const decideAgain = (): void => this.#loop.turn()
    const book = new MemoryBook({
      registry,
      spares,
      now,
      policyNow: clock.now,
      onOverrun: decideAgain,
      onMeasured: (supervisor) => this.leaks.measured(supervisor),
      isRunning: (target) => this.#measurement.isRunning(target),
      trim: async () => reclaimer.trim(),
      isHelped: isPoolDrained,
      onTrimmed: () => this.#sampling.request(),
    })
    this.#book = book
    const pace = new Pace({
      book,
      pressure: () => this.#loop.pressure,
      lookIn: () => this.#loop.lookIn,
      waiting: () => this.#requests.size,
      limit: () => this.limit,
      options: () => this.#options,
    })
    this.#measurement = new Measurement({
      targets: () => book.targets(),
      now,
      room: () => pace.room,
      allRest: () => book.headroom.least === undefined,
      residentSet: () => reclaimer.residentSet(),
    })
    this.leaks = new LeakWatch({
      book,
      measurement: this.#measurement,
      now,
      limit: () => this.limit,
      lowThreshold: () => this.#options.lowThreshold,
      changed: () => emit.growth(),
      failed: (error) => logger.error({ err: error }, 'looking for what grows failed'),
    })
    this.#requests = new OpenRequests(book, now, decideAgain)
    this.#performer = new Performer({
      book,
      spares,
      logger,
      measurement: this.#measurement,
      requests: this.#requests,
      policy: () => this.#options.policy,
      collected: (supervisor, took) => this.leaks.collected(supervisor, took),
      exhausted: (event) => emit.exhausted(event),
      heldUp: (kept) => emit.heldUp(kept),
      done: decideAgain,
    })
    this.#thrashing = new ThrashWatch(clock.now)
    this.#regrets = new Regrets(clock.now)
    this.#sampling = new Sampling({
      measurement: this.#measurement,
      logger,
      now,
      interval: () => pace.interval,
      watch: () => pace.look,
      begins: () => book.samplingBegins(),
      sampled: (askedAt) => {
        book.sampled(askedAt)
        this.#loop.turn(true)
      },
    })
    this.#loop = new DecisionLoop({
      book,
      clock,
      logger,
      emit,
      performer: this.#performer,
      requests: this.#requests,
      sampling: this.#sampling,
      options: () => this.#options,
      limit: () => this.limit,
      ledger: () => this.ledger(),
    })
    this.hearing = new Hearing({
      book,
      measurement: this.#measurement,
      sampling: this.#sampling,
      requests: this.#requests,
      performer: this.#performer,
      loop: this.#loop,
      leaks: this.leaks,
      thrashing: this.#thrashing,
      regrets: this.#regrets,
      reclaimer,
    })
  }

  /** Accounted bytes: main thread, workers, and the reservations of loads under way. */
  get usage(): number {
    return this.#book.usage
  }

  /** Bytes: the total limit, or 90% of a smaller limit of the control group. */
  get limit(): number {
    return effectiveLimit(this.#options.totalLimit, this.#cgroup.memory?.limit)
  }

  get pressureLevel(): PressureLevel {
    return this.#loop.pressure.level
  }

  /**
   * Why pressure is at its level, which need not be that of `usage`: it is judged by what usage will be when an unload could be over, and held for half a minute after it has
   * fallen.
   */
  get pressureReason(): PressureReason {
    return this.#loop.pressureReason
  }

  /** @internal */
  get standing(): Standing {
    return { level: this.pressureLevel, usage: Math.round(this.usage), limit: this.limit }
  }

  get options(): MemoryOptions {
    return this.#options
  }

  isAtLeast(level: PressureLevel): boolean {
    return isAtLeast(this.pressureLevel, expectOneOf('level', level, levels))
  }

  /** What was loaded again within 60 s of an automatic unload, in the last minute: loads, bytes, and whose, the most often first. */
  get churn(): { readonly loads: number; readonly bytes: number; readonly names: readonly string[] } {
    return this.#thrashing.churn
  }

  /** Unloads for want of memory so far (reasons 'pressure', 'admission', 'family'), and after how many of them the component was loaded again within 60 s. */
  get regrets(): { readonly unloads: number; readonly reloaded: number } {
    return this.#regrets.total
  }

  /** Bytes a minute that a component is known to grow by, of all its copies; 0: it is not known to grow. @throws ComponentNotFoundError */
  growthOf(name: string): number {
    return Math.round(this.leaks.paceOf(this.#registry.get(name).copies) * 60_000)
  }

  /** True while components push each other out: what is asked for does not fit under the limit. */
  get thrashing(): boolean {
    return this.#thrashing.thrashing
  }

  /** The last figures, without measuring anew. */
  ledger(): Ledger {
    return this.#book.ledger({
      limit: this.limit,
      pending: this.#reclaimer.pending,
      rss: this.#reclaimer.residentSet(),
      cgroup: this.#cgroup.memory,
      pressureLevel: this.pressureLevel,
    })
  }

  /** ms since the figures of `ledger()` were taken. */
  get sampleAge(): number {
    return this.#book.age
  }

  /** ms that the last sample took. */
  get sampleTime(): number {
    return this.#sampling.time
  }

  /** Measures now. What does not answer within 250 ms is stale, and counted as it was. */
  async sample(): Promise<Ledger> {
    await this.#inContext(async () => this.#sampling.sample())
    return this.ledger()
  }

  /**
   * What a round would do, and why: who would go, who stays. Changes nothing.
   *
   * @param level default: the current one. For another one usage is taken to be at its threshold at least.
   * @throws InvalidOptionsError
   */
  plan(level: PressureLevel = this.pressureLevel): UnloadPlan {
    expectOneOf('level', level, levels)
    const account = this.#loop.account()
    const need = bytesToFreeAt(level, this.pressureLevel, account, this.#options)
    return planUnload(policyOf(this.#options.policy), candidatesIn(account), level, need)
  }

  /**
   * Unloads idle components until so much is free (bytes, or '200mb'). No idle floor; never what is in use, pinned or protected by its priority.
   *
   * @throws InvalidOptionsError; the signal's reason when aborted, with what was unloaded until then staying unloaded.
   */
  async freeMemory(size: Size, options: { readonly signal?: AbortSignal } = {}): Promise<FreeMemoryResult> {
    const bytes = expectSize('bytes', size)
    const { signal } = expectOptions(options, ['signal'])
    signal?.throwIfAborted()
    return this.#inContext(async () => {
      await this.#sampling.anew()
      const result = await this.#requests.free(bytes, signal)
      if (result.unloaded.length > 0) await this.#sampling.anew()
      return result
    })
  }

  /**
   * Changes options while running; what is not given stays.
   *
   * @throws InvalidOptionsError when the whole would not fit together; then nothing changes.
   */
  configure(options: GivenMemoryOptions): void {
    this.#options = resolveMemoryOptions(options, this.#options)
    this.#book.changed()
    this.#inContext(() => this.#sampling.request())
  }

  /**
   * Decides as if so much were used as it takes to be at that level, until it is called with 'low'. For tests.
   *
   * @returns resolves when everything that comes of it is done.
   * @internal
   */
  async hold(level: PressureLevel): Promise<void> {
    await this.#inContext(async () => this.#loop.hold(level))
  }

  /**
   * Resolves when nothing is left to be done about memory as it is measured from now on; at once when nothing is decided any more.
   *
   * @internal
   */
  async atRest(): Promise<void> {
    await this.#inContext(async () => this.#loop.atRest())
  }

  /**
   * How busy a component's worker is; of several copies together, the busiest loop. The shares are of the time between the last two readings, which are taken when somebody asks, a second or
   * more apart.
   *
   * @returns null when it is not loaded, and before the second reading.
   * @throws ComponentNotFoundError
   */
  processorUse(name: string): ProcessorUse | null {
    const { copies } = this.#registry.get(name)
    return this.#processor.readAll(copies.flatMap(({ generation }) => (generation ? [generation.host] : [])))
  }

  /** @internal */
  async admit(supervisor: Supervisor, signal: AbortSignal): Promise<Disposable> {
    return this.#requests.admit(supervisor, signal)
  }

  /**
   * Bytes the component holds, measured now if it answers quickly.
   *
   * @internal
   */
  async measure(supervisor: Supervisor): Promise<number> {
    const target = this.#book.targetOf(supervisor)
    if (target) await this.#measurement.measureOne(target, ANSWER_TIME)
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
    return minResidency(this.#book.account(this.#registry.get(name).first).residency, this.#clock.now())
  }

  /**
   * Neither samples nor unloads anything more by itself.
   *
   * @internal
   */
  stop(): void {
    this.#loop.stop()
    this.leaks.stop()
    this.#sampling.stop()
    this.#requests.stop()
    this.#book.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}

export type { FreeMemoryResult, Ledger, ProcessorUse }
