import type { ComponentMemory } from '../component/component-info.ts'
import type { PressureLevel } from '../component/define.ts'
import type { UnloadReason } from '../component/lifecycle.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { Admission } from '../component/surroundings.ts'
import type { UnloadReport } from '../component/unload.ts'
import type { SpareWorkers } from '../host/spare-workers.ts'
import type { Logger } from '../observability/logger.ts'
import { expectNumber } from '../options.ts'
import { decideAdmission } from './admission.ts'
import { AdmissionQueue } from './admission-queue.ts'
import type { LoadRequest } from './admission-queue.ts'
import { addGrowthSample, emptyGrowth, nextInterval, peakGrowth, sustainedGrowth } from './growth.ts'
import type { GrowthWindow } from './growth.ts'
import type { Ledger } from './ledger.ts'
import { MemoryBook } from './memory-book.ts'
import { effectiveLimit, resolveMemoryOptions } from './memory-options.ts'
import type { MemoryOptions } from './memory-options.ts'
import { policyOf } from './policy-registry.ts'
import { bytesToFree, clearShare, initialPressure, isAtLeast, stepPressure, thresholdOf } from './pressure.ts'
import type { PressureInput, PressureState } from './pressure.ts'
import type { Reclaimer } from './reclaimer.ts'
import { addRapidReload, churn, emptyChurn, isRapidReload, isThrashing } from './residency.ts'
import { SamplingLoop } from './sampling-loop.ts'
import { planUnload } from './unload-plan.ts'
import type { UnloadPlan } from './unload-plan.ts'
import { unloadRound } from './unload-round.ts'
import type { RoundEffects } from './unload-round.ts'

export interface PressureEvent {
  readonly level: PressureLevel
  readonly previous: PressureLevel
  readonly usage: number
  readonly limit: number
}

/** Nothing is left to unload, and usage is still above where it should be. */
export interface ExhaustedEvent {
  readonly level: PressureLevel
  /** Bytes that would have to go. */
  readonly missing: number
  readonly kept: UnloadPlan['kept']
}

export interface FreeMemoryResult {
  readonly satisfied: boolean
  /** Bytes that the unloaded components were measured to hold. */
  readonly freed: number
  readonly shortfall: number
  /** Names, in the order they went. */
  readonly unloaded: readonly string[]
}

export interface MemoryEvents {
  sample(ledger: Ledger): void
  pressure(event: PressureEvent): void
  exhausted(event: ExhaustedEvent): void
}

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

/** ms between two samples while something is at work and nothing else asks for one sooner. */
const busyInterval = 100
/** ms a component may have to answer a request to trim. */
const trimDeadline = 250
/** ms between two requests to trim at the same level. */
const trimCooldown = 5_000
/** ms between two rounds that found nothing to unload. */
const exhaustedCooldown = 1_000
/** ms after a load for which what it has not yet filled of its reservation stays reserved: first calls fill caches. */
const settleTime = 1_000
/** ms that an unload is taken to need before one was measured. */
const assumedUnloadTime = 50
/** ms between two warnings of the same thing. */
const tellAgain = 60_000
/** ms after which figures are too old to decide a load by. */
const freshEnough = 100
/** Unloads that a reload soon after shows to have been a mistake of ours. */
const automatic: ReadonlySet<UnloadReason> = new Set(['pressure', 'admission'])

/**
 * Keeps the account of the process's memory and keeps it under its limit: samples every worker, tells the pressure, unloads what is idle and
 * least important, and lets a load in only when it fits.
 */
export class MemoryManager implements Admission, Disposable {
  readonly #registry: Registry
  readonly #spares: SpareWorkers
  readonly #reclaimer: Reclaimer
  readonly #logger: Logger
  readonly #emit: MemoryEvents
  readonly #book: MemoryBook
  readonly #loop: SamplingLoop
  readonly #queue: AdmissionQueue
  readonly #killing = new WeakSet<object>()
  readonly #settling = new Set<NodeJS.Timeout>()
  #options: MemoryOptions
  #pressure: PressureState = initialPressure(performance.now())
  #growth: GrowthWindow = emptyGrowth
  #ledger: Ledger
  #sampling: Promise<Ledger> | undefined
  #sampledAt = 0
  #round: Promise<void> | undefined
  #exhausted: { readonly level: PressureLevel; readonly at: number } | undefined
  #trimmed: { readonly level: PressureLevel; readonly at: number } | undefined
  #unloadTime = assumedUnloadTime
  #churn = emptyChurn
  #thrashingToldAt = Number.NEGATIVE_INFINITY

  constructor({ options, registry, spares, reclaimer, logger, now, emit }: MemoryManagerOptions) {
    this.#options = options
    this.#registry = registry
    this.#spares = spares
    this.#reclaimer = reclaimer
    this.#logger = logger
    this.#emit = emit
    this.#book = new MemoryBook({
      registry,
      spares,
      residentSet: () => reclaimer.residentSet(),
      now: () => performance.now(),
      epoch: now,
      onMeasured: (supervisor, held) => this.#fence(supervisor, held),
    })
    this.#ledger = this.#makeLedger()
    this.#queue = new AdmissionQueue({
      now: () => performance.now(),
      refresh: async (need) => this.#refresh(need),
      decide: (request, waited) => this.#decideAdmission(request, waited),
      unload: async (names) => this.#makeRoom(names),
      reserve: (request) => this.#reserve(request),
      usage: () => ({ usage: this.usage, limit: this.limit }),
    })
    this.#loop = new SamplingLoop({
      interval: () => this.#interval(),
      activity: () => this.#activity(),
      residentSet: () => reclaimer.residentSet(),
      tick: async () => this.#tick(),
    })
    this.#loop.noteSample()
  }

  /** Accounted bytes: main thread, workers, and the reservations of loads under way. */
  get usage(): number {
    return this.#makeLedger().usage
  }

  /** Bytes: the total limit, or 90% of a smaller limit of the control group. */
  get limit(): number {
    return effectiveLimit(this.#options.totalLimit, this.#book.cgroup?.limit)
  }

  get pressureLevel(): PressureLevel {
    return this.#pressure.level
  }

  get options(): MemoryOptions {
    return this.#options
  }

  isAtLeast(level: PressureLevel): boolean {
    return isAtLeast(this.#pressure.level, level)
  }

  /** What was loaded again within 60 s of an automatic unload, in the last minute: loads, and bytes. */
  get churn(): { readonly loads: number; readonly bytes: number } {
    return churn(this.#churn, performance.now())
  }

  /** True while components push each other out: what is asked for does not fit under the limit. */
  get thrashing(): boolean {
    return isThrashing(this.#churn, performance.now())
  }

  /** The figures of the last sample. */
  ledger(): Ledger {
    return this.#ledger
  }

  /** Measures now. */
  async sample(): Promise<Ledger> {
    this.#sampling ??= this.#takeSample().finally(() => {
      this.#sampling = undefined
    })
    return this.#sampling
  }

  /**
   * What a round would do, and why: who would go, who stays. Changes nothing.
   *
   * @param level default: the current one. For another one usage is taken to be at its threshold at least.
   */
  plan(level: PressureLevel = this.#pressure.level): UnloadPlan {
    return this.#planFor(level, level === this.#pressure.level ? this.#need() : this.#needAt(level))
  }

  /**
   * Unloads idle components until so many bytes are free. No idle floor; never what is in use or pinned.
   *
   * @throws InvalidOptionsError; the signal's reason when aborted, with what was unloaded until then staying unloaded.
   */
  async freeMemory(bytes: number, options: { readonly signal?: AbortSignal } = {}): Promise<FreeMemoryResult> {
    expectNumber('bytes', bytes, { min: 0 })
    const unloaded: string[] = []
    let freed = 0
    await this.#exclusively(async () => {
      await this.sample()
      const candidates = this.#candidates().map((candidate) => ({ ...candidate, minResidency: 0 }))
      const plan = planUnload(policyOf(this.#options.policy), candidates, 'demand', bytes)
      for (const { name } of plan.victims) {
        options.signal?.throwIfAborted()
        if (freed >= bytes) break
        const report = await this.#unload(name, 'free-memory')
        if (!report) continue
        unloaded.push(name)
        freed += report.zombie ? 0 : report.predicted
      }
      await this.sample()
    })
    return { satisfied: freed >= bytes, freed, shortfall: Math.max(0, bytes - freed), unloaded }
  }

  /**
   * Changes options while running; what is not given stays.
   *
   * @throws InvalidOptionsError when the whole would not fit together; then nothing changes.
   */
  configure(options: Partial<MemoryOptions>): void {
    this.#options = resolveMemoryOptions(options, this.#options)
    this.#loop.request()
  }

  async admit(supervisor: Supervisor, signal: AbortSignal): Promise<Disposable> {
    const { name, definition } = supervisor
    const need = this.#book.account(name).expected(definition.memoryEstimate)
    return this.#queue.admit({ name, need, timeout: definition.timeout }, signal)
  }

  /** Bytes the component holds, measured now if it answers quickly. */
  async measure(supervisor: Supervisor): Promise<number> {
    await this.#book.measureOne(supervisor, freshEnough)
    return this.memoryOf(supervisor.name)?.total ?? 0
  }

  memoryOf(name: string): ComponentMemory | null {
    return this.#book.memoryOf(name)
  }

  workerStarted(supervisor: Supervisor): void {
    this.#book.workerStarted(supervisor)
    this.#loop.poke()
  }

  /** A component has become busy, or idle. */
  busy(supervisor: Supervisor, busy: boolean): void {
    if (busy) {
      this.#book.account(supervisor.name).called(performance.now())
      this.#loop.poke()
    } else if (this.#queue.waiting > 0) this.#queue.changed()
  }

  loaded(supervisor: Supervisor): void {
    const now = performance.now()
    const account = this.#book.account(supervisor.name)
    if (isRapidReload(account.residency, now)) {
      this.#churn = addRapidReload(this.#churn, now, account.learnedPeak ?? 0)
      this.#warnOfThrashing(now)
    }
    account.loaded(now)
    this.#loop.request()
  }

  workerEnded(supervisor: Supervisor, reason: UnloadReason | undefined): void {
    this.#book.workerEnded(supervisor, reason !== undefined && automatic.has(reason))
    this.#growth = emptyGrowth
    this.#queue.changed()
    this.#loop.request()
  }

  unloaded(report: UnloadReport): void {
    const { drain, dispose, terminate } = report.times
    this.#unloadTime = 0.7 * this.#unloadTime + 0.3 * (drain + dispose + terminate)
    this.#reclaimer.retained(report.retained)
  }

  forget(name: string): void {
    this.#book.forget(name)
  }

  /** Unloads nothing more by itself. */
  stop(): void {
    this.#loop.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
    for (const timer of this.#settling) clearTimeout(timer)
  }

  async #tick(): Promise<void> {
    const ledger = await this.sample()
    await this.#relieve(ledger)
  }

  async #takeSample(): Promise<Ledger> {
    await this.#book.measure(Math.max(20, Math.min(250, this.#interval())))
    const time = performance.now()
    const before = this.#makeLedger()
    this.#growth = addGrowthSample(this.#growth, time, before.usage)
    const { level: previous } = this.#pressure
    this.#pressure = stepPressure(this.#pressure, this.#input(before, time), this.#options)
    this.#ledger = { ...before, pressureLevel: this.#pressure.level }
    this.#sampledAt = time
    this.#loop.noteSample()
    this.#emit.sample(this.#ledger)
    if (previous !== this.#pressure.level) this.#levelChanged(previous, this.#ledger)
    return this.#ledger
  }

  #levelChanged(previous: PressureLevel, { usage, limit }: Ledger): void {
    const { level } = this.#pressure
    this.#exhausted = undefined
    this.#logger.info({ level, previous, usage, limit }, 'memory pressure changed')
    this.#emit.pressure({ level, previous, usage, limit })
  }

  #warnOfThrashing(now: number): void {
    if (!this.thrashing || now - this.#thrashingToldAt < tellAgain) return
    this.#thrashingToldAt = now
    this.#logger.warn(
      { ...this.churn },
      'thrashing: components push each other out; raise totalLimit, or let fewer of them be used at a time',
    )
  }

  /** What a sample asks for: trims, spares, and a round. */
  async #relieve({ usage, limit }: Ledger): Promise<void> {
    const { level, trim } = this.#pressure
    if (!trim) {
      this.#trimmed = undefined
      this.#spares.restore()
      return
    }
    await this.#spares.giveUp(trimDeadline)
    if (level === 'low') {
      if (!this.#trimmed) await this.#trim('low')
      return
    }
    if (!this.#options.autoUnloadEnabled || this.#need() <= 0) return
    const { at = 0 } = this.#exhausted ?? {}
    if (this.#exhausted?.level === level && performance.now() - at < exhaustedCooldown && usage < limit) return
    await this.#exclusively(async () => this.#runRound(level))
  }

  async #runRound(level: PressureLevel): Promise<void> {
    const { plan, unloaded, missing } = await unloadRound(this.#roundEffects(level), 'pressure', this.#trimDue(level))
    if (!plan) return
    const names = unloaded.map(({ name }) => name)
    if (names.length > 0) {
      this.#exhausted = undefined
      this.#logger.info(
        { level, need: plan.need, unloaded: names, missing, kept: plan.kept },
        'unloaded for want of memory',
      )
      return
    }
    // What loads under way have reserved, and unloads under way will free, is not there to be unloaded.
    if (missing <= this.#ledger.reservations + this.#book.leaving) return
    if (this.#exhausted?.level !== level) {
      this.#logger.warn({ level, missing, kept: plan.kept }, 'memory pressure, and nothing that may be unloaded')
      this.#emit.exhausted({ level, missing, kept: plan.kept })
    }
    this.#exhausted = { level, at: performance.now() }
    this.#stopRunaway()
  }

  /** Usage has passed the limit and nothing else can go: what grows fastest is ended before the operating system ends everything. */
  #stopRunaway(): void {
    if (this.usage <= this.limit) return
    const runaway = [...this.#book.live]
      .map((supervisor) => ({ supervisor, growth: this.#book.account(supervisor.name).growth }))
      .filter(({ growth }) => growth > 0)
      .sort((a, b) => b.growth - a.growth)[0]
    if (runaway) this.#kill(runaway.supervisor, 'usage has passed the limit and nothing else can be unloaded')
  }

  #roundEffects(level: PressureLevel): RoundEffects {
    return {
      trim: async () => this.#trim(level),
      sample: async () => void (await this.sample()),
      need: () => this.#need(),
      plan: (need) => this.#planFor(level, need),
      unload: async (name, reason) => this.#unload(name, reason),
    }
  }

  #trimDue(level: PressureLevel): PressureLevel | undefined {
    const last = this.#trimmed
    return last?.level === level && performance.now() - last.at < trimCooldown ? undefined : level
  }

  async #trim(level: PressureLevel): Promise<void> {
    this.#trimmed = { level, at: performance.now() }
    await Promise.all([...this.#book.live].map(async (supervisor) => supervisor.trim(level, trimDeadline)))
  }

  async #unload(name: string, reason: UnloadReason): Promise<UnloadReport | undefined> {
    if (!this.#registry.has(name)) return undefined
    return this.#registry.get(name).unload(reason, 0, true)
  }

  async #makeRoom(names: readonly string[]): Promise<boolean> {
    let any = false
    await this.#exclusively(async () => {
      for (const name of names) any = (await this.#unload(name, 'admission')) !== undefined || any
      await this.sample()
    })
    return any
  }

  /** One at a time: rounds, room for loads, and memory freed on request. */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#round) await this.#round.catch(() => {})
    this.#round = work()
    try {
      await this.#round
    } finally {
      this.#round = undefined
    }
  }

  #decideAdmission({ need, timeout }: LoadRequest, waited: number): ReturnType<typeof decideAdmission> {
    const ledger = this.#makeLedger()
    return decideAdmission({
      need,
      usage: ledger.usage,
      reservations: ledger.reservations,
      leaving: this.#book.leaving,
      limit: ledger.limit,
      highThreshold: this.#options.highThreshold,
      candidates: this.#candidates(),
      policy: policyOf(this.#options.policy),
      autoUnloadEnabled: this.#options.autoUnloadEnabled,
      waited,
      timeout,
    })
  }

  async #refresh(need: number): Promise<void> {
    const { usage, limit } = this.#makeLedger()
    const tight = usage + need > limit * this.#options.lowThreshold
    if (tight && performance.now() - this.#sampledAt > freshEnough) await this.sample()
  }

  #reserve({ name, need }: LoadRequest): Disposable {
    this.#book.reserve(name, need)
    return {
      [Symbol.dispose]: () => {
        const timer = setTimeout(() => {
          this.#settling.delete(timer)
          this.#book.release(name)
          this.#queue.changed()
        }, settleTime).unref()
        this.#settling.add(timer)
      },
    }
  }

  #fence(supervisor: Supervisor, held: number): void {
    const limit = supervisor.definition.memoryLimit ?? this.limit
    if (held > limit) this.#kill(supervisor, `it holds ${held} bytes, its limit is ${limit}`)
  }

  #kill(supervisor: Supervisor, why: string): void {
    const { generation, name } = supervisor
    if (!generation || this.#killing.has(generation)) return
    this.#killing.add(generation)
    this.#logger.error({ component: name, generation: generation.number }, `worker ended at its memory limit: ${why}`)
    void supervisor.kill('memory-limit')
  }

  #candidates(): ReturnType<MemoryBook['candidates']> {
    return this.#book.candidates(this.#options.minIdleTime)
  }

  #planFor(level: PressureLevel, need: number): UnloadPlan {
    return planUnload(policyOf(this.#options.policy), this.#candidates(), level, need)
  }

  #need(): number {
    return bytesToFree(this.#pressure.level, this.#input(this.#makeLedger(), performance.now()), this.#options)
  }

  #needAt(level: PressureLevel): number {
    if (level === 'low') return 0
    const threshold = thresholdOf(level, this.#options)
    const { usage, limit } = this.#makeLedger()
    return Math.max(usage, threshold * limit) - clearShare(threshold) * limit
  }

  #input({ usage, limit }: Ledger, time: number): PressureInput {
    return { time, usage, limit, growth: sustainedGrowth(this.#growth), unloadTime: this.#unloadTime }
  }

  #makeLedger(): Ledger {
    return this.#book.ledger({
      limit: this.limit,
      pending: this.#reclaimer.pending,
      pressureLevel: this.#pressure.level,
    })
  }

  #interval(): number {
    const { usage, limit } = this.#ledger
    const input = { usage, limit, growth: peakGrowth(this.#growth), components: this.#book.growths(limit) }
    const interval = nextInterval(input, this.#options, this.#options.checkInterval)
    return this.#activity() === 'active' ? Math.min(interval, busyInterval) : interval
  }

  #activity(): 'nothing' | 'idle' | 'active' {
    if (this.#book.live.size === 0) return 'nothing'
    for (const { state, inUse } of this.#book.live) {
      if (state.status !== 'ready' || inUse > 0) return 'active'
    }
    return 'idle'
  }
}

export type { Ledger }
