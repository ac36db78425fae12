import { monotonicNow } from '../base/monotonic.ts'
import { SharedCallBudget } from '../channel/call-budget.ts'
import type { GenerationEnd } from '../channel/generation-end.ts'
import type { AutomaticDecision } from '../contract/automatic-decision.ts'
import type { CrashReason } from '../contract/errors.ts'
import type { LoadCause } from '../contract/load-cause.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import { Generation } from '../host/generation.ts'
import type { ComponentHost, EndDetails } from '../host/component-host.ts'
import { afterThread, crashOf } from './death.ts'
import { CopyRole } from './copy-role.ts'
import type { CopyShare } from './copy-share.ts'
import type { ResolvedDefinition } from './definition.ts'
import { takeLease } from './lease.ts'
import { unheardLimit } from './loop-judgement.ts'
import { Life } from './life.ts'
import type { Lifecycle, LifecycleEvent } from './lifecycle.ts'
import { fewCalls } from './recycle-policy.ts'
import { isForWantOfMemory, roomToLoad, startGeneration } from './load.ts'
import type { StartOutcome } from './load.ts'
import type { Surroundings } from './surroundings.ts'
import { terminateDeadline } from './terminate-deadline.ts'
import { drainGeneration, endGeneration, nothingUnloaded, reclaimAfter, unloadedEnd } from './unload.ts'
import type { Decided, Ending, MaybeUnloaded, UnloadOrder } from './unload.ts'
import { UnloadUnderWay } from './unload-under-way.ts'
import { Usage } from './usage.ts'
import { WorkerRequests } from './worker-requests.ts'
import { Zombies } from './zombies.ts'

/** One copy of a component, which most have only one of: owns its state, and the one worker it may have. */
export class Supervisor extends CopyRole<Supervisor> {
  readonly surroundings: Surroundings
  readonly usage: Usage
  readonly zombies = new Zombies()
  readonly counters = { loads: 0, unloads: 0, crashes: 0, regrets: 0 }
  /** ms that the last load took, without what it waited for before it began; undefined before the first. */
  lastLoadTime: number | undefined
  /** Why its last load was begun; undefined before the first. */
  loadedFor: LoadCause | undefined
  /** Of a generation that has replaced another one: since when that had not been used, ms of the policy's clock. */
  idleFrom: number | undefined
  /** What its last unload was decided by; null: somebody asked for it by name. */
  unloadedBy: AutomaticDecision | null = null
  readonly #life: Life
  #generation: Generation | undefined
  #budget: SharedCallBudget | undefined
  #requests: WorkerRequests | undefined
  #loading: Promise<void> | undefined
  #unload: UnloadUnderWay | undefined
  /** After a crash: settled when that thread is gone, or was given up on. */
  #threadGone: Promise<void> | undefined
  readonly #cancelLoad = new AbortController()
  #stopped: { readonly error: unknown } | undefined

  /** @param surroundingsOf called at once, with a supervisor that knows its definition and its name only. */
  constructor(
    definition: ResolvedDefinition,
    name: string,
    share: CopyShare<Supervisor>,
    surroundingsOf: (self: Supervisor) => Surroundings,
  ) {
    super(definition, name, share)
    this.surroundings = surroundingsOf(this)
    this.#life = new Life(share.record, this.surroundings.now, definition.restart)
    const underWay = (): number => (this.#generation ? share.main.caller.underWayAt(this.#generation.number) : 0)
    this.usage = new Usage(underWay, () => this.#generation?.activity, this.surroundings.clock)
  }

  protected get self(): this {
    return this
  }

  get state(): Lifecycle {
    return this.#life.state
  }

  /** The live generation, from its load until its worker is gone. */
  get generation(): Generation | undefined {
    return this.#generation
  }

  /** Calls under way or waiting, open streams, live subscriptions and leases. */
  get inUse(): number {
    return this.usage.held + this.waiting
  }

  /** ms for which its event loop is known not to have turned, from 1,000 on; 0: it turns, as far as is known. */
  get stuckFor(): number {
    const silence = this.#generation?.loop.silence(monotonicNow()) ?? 0
    return silence < unheardLimit ? 0 : silence
  }

  /** Its generation gets no more calls. */
  get isSpent(): boolean {
    return this.#generation !== undefined && this.#budget?.isSpent === true
  }

  /** How many calls its generation may be sent; undefined: any number. */
  get budget(): SharedCallBudget | undefined {
    return this.#budget
  }

  /** Some of them were taken by another component; returns what is left. */
  fewCallsLeft(): SharedCallBudget | undefined {
    this.share.fewCallsLeft(this)
    return this.#budget
  }

  /** ms without use: 0 while in use; before the first call, since it was loaded. */
  get idleTime(): number {
    if (this.inUse > 0) return 0
    return Math.max(0, this.surroundings.now() - Math.max(this.usage.lastAccess, this.idleFrom ?? this.state.since))
  }

  /**
   * Loads it unless it is loaded; all who ask meanwhile get the same load.
   *
   * @param chain who needs it, outermost first, for the error's path.
   * @param beside its predecessor is there until it is ready: it does not wait for memory for long, and that there is none is nobody's concern.
   */
  async load(cause: LoadCause, chain: readonly string[] = [], beside = false): Promise<void> {
    for (;;) {
      const state = this.state
      // What is loaded still serves its dependents while they finish what they were asked before a stop.
      if (this.#stopped && state.status !== 'ready') throw this.#stopped.error
      switch (state.status) {
        case 'ready':
          return
        case 'loading':
          await this.#loading
          return
        case 'draining':
        case 'unloading':
          await this.#unload?.over
          break
        case 'failed':
        case 'unloaded':
        case 'zombie':
          await this.#startLoad(cause, chain, beside)
          return
      }
    }
  }

  /**
   * Unloads it; all who ask meanwhile get the same report, and the earliest of their deadlines counts.
   *
   * @param deadline ms that calls under way are given.
   * @param onlyIfIdle undefined is returned, and nothing changes, when it is or gets in use.
   * @param decision what it was decided by, for the report; null: somebody asked for it by name.
   */
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle?: false, decision?: Decided): Promise<UnloadReport>
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle: true, decision?: Decided): MaybeUnloaded
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle = false, decision: Decided = null): MaybeUnloaded {
    for (;;) {
      switch (this.state.status) {
        case 'loading':
          if (onlyIfIdle) return undefined
          await this.#loading?.catch(() => {})
          break
        case 'draining':
        case 'unloading': {
          // None: ended by a shutdown that could not wait for its turn.
          if (!this.#unload) return nothingUnloaded(this, reason)
          const report = await this.#unload.join(reason, onlyIfIdle ? undefined : deadline)
          if (report || onlyIfIdle) return report
          // The one that was joined was called off: this one insists.
          break
        }
        case 'ready': {
          if (onlyIfIdle && (this.inUse > 0 || this.hibernation.failedLately)) return undefined
          return this.#startUnload({ reason, deadline, onlyIfIdle, decision })
        }
        case 'unloaded':
        case 'failed':
        case 'zombie':
          return nothingUnloaded(this, reason)
      }
    }
  }

  /** Ends the worker at once, as a crash: for one that passed its memory limit. */
  async kill(reason: CrashReason, more?: EndDetails): Promise<void> {
    await this.#generation?.host.terminate(terminateDeadline, reason, more)
  }

  /** Asks a loaded component to drop what it can; false when it did not answer within `deadline` ms, or is not loaded. */
  async trim(level: PressureLevel, deadline: number): Promise<boolean> {
    return this.state.status === 'ready' ? (this.#generation?.trim(level, deadline) ?? false) : false
  }

  lease(): Disposable {
    return takeLease(this)
  }

  /** Forgets failures of the component; one that backs off may be loaded again at once. */
  reset(): void {
    this.#life.apply({ type: 'reset' })
  }

  /** A load under way is given up, and there will be no other one. */
  stop(error: unknown): void {
    this.#stopped ??= { error }
    this.#cancelLoad.abort(error)
    this.usage.leases.giveUpWaiting()
  }

  /** The signal that ends a load under way, and all waiting for what only another load would need. */
  get loadSignal(): AbortSignal {
    return this.#cancelLoad.signal
  }

  /** Resolves once nothing loads, serves or is being unloaded, and its last worker is gone, or was given up on. */
  async atRest(): Promise<void> {
    await this.#life.atRest()
    await this.#threadGone
  }

  /** Takes over a worker for the generation being loaded. */
  adopt(host: ComponentHost): Generation {
    // A first try of this load, which came to nothing.
    if (this.#generation) this.#retire(this.#generation, unloadedEnd)
    const { generation: number } = this.state
    const requests = new WorkerRequests(this.origin, number, host, this.surroundings, this.addons)
    const generation = new Generation(number, host, (message) => requests.receive(message))
    this.#generation = generation
    const { calls, overlap = true } = this.definition.recycle ?? {}
    this.#budget =
      calls === undefined
        ? undefined
        : SharedCallBudget.of(calls, fewCalls(calls, overlap), () => this.share.fewCallsLeft(this))
    this.#requests = requests
    this.surroundings.workerStarted()
    void host.ended.then((end) => this.#ended(generation, end))
    return generation
  }

  /** Nothing that was sent to the generation will be answered any more: its calls and callbacks end, its dependents are told. */
  settle(generation: Generation, end: GenerationEnd): void {
    this.main.ended(generation.number, end)
    this.surroundings.generationEnded(generation.number, end)
  }

  async #startLoad(cause: LoadCause, chain: readonly string[], beside: boolean): Promise<void> {
    const { backingOff } = this.share
    if (backingOff !== undefined) throw backingOff
    this.#life.apply({ type: 'load' })
    this.idleFrom = undefined
    this.loadedFor = cause
    const { inContext, keepAlive } = this.surroundings
    this.#loading = inContext(() => keepAlive.during(this.#load(cause, chain, beside)))
    try {
      await this.#loading
    } catch (error) {
      if (!this.loadSignal.aborted && !(beside && isForWantOfMemory(error))) {
        this.surroundings.loadFailed({ ...this.origin, generation: this.state.generation, error })
      }
      throw error
    }
  }

  async #load(cause: LoadCause, chain: readonly string[], beside: boolean): Promise<void> {
    const { component, surroundings } = this
    const decided = monotonicNow()
    using _room = await roomToLoad(this, [...chain, component], beside).catch((error: unknown) => {
      this.#loadOver({ type: 'load-refused' }, error)
      throw error
    })
    const begun = monotonicNow()
    const outcome = await startGeneration(this)
    if (outcome.type === 'failed') {
      this.#startFailed(outcome)
      throw outcome.error
    }
    const { generation } = outcome
    this.#life.apply({ type: 'loaded' })
    void this.hibernation.restored()
    this.counters.loads++
    const ready = monotonicNow()
    this.lastLoadTime = ready - begun
    this.share.ready(this, generation)
    surroundings.loaded({ ...this.origin, generation: generation.number, duration: ready - decided, cause })
    surroundings.spares.keep(generation.host.isolation)
  }

  #startFailed({ error, worker }: Extract<StartOutcome, { type: 'failed' }>): void {
    if (worker?.gone === false) this.#stillAlive(worker.generation)
    const counts = !this.loadSignal.aborted && !this.share.isLoadedWithOthers(this)
    this.#loadOver(counts ? { type: 'load-failed', error } : { type: 'load-refused' }, error)
    if (worker) this.#retire(worker.generation, worker.end)
    if (worker?.gone === false && this.state.status === 'unloaded') this.#life.apply({ type: 'still-alive' })
  }

  /** The load came to nothing. The calls that waited for it are told at once: one made from now on asks for another load. */
  #loadOver(event: Extract<LifecycleEvent, { type: 'load-failed' | 'load-refused' }>, error: unknown): void {
    this.#life.apply(event)
    this.share.loadFailed(this, error)
  }

  async #startUnload(order: Omit<UnloadOrder, 'hurry'>): Promise<UnloadReport | undefined> {
    const generation = this.#generation
    if (!generation) throw new Error(`Component "${this.name}" is ready without a worker`)
    this.#life.apply({ type: 'drain', reason: order.reason })
    this.unloadedBy = order.decision
    const { inContext, keepAlive } = this.surroundings
    const unload = inContext(
      () =>
        new UnloadUnderWay({
          end: async (hurry) => this.#endGeneration(generation, { ...order, hurry }),
          over: () => this.share.over(this),
          reclaim: async (ending) => reclaimAfter(this.surroundings, ending),
        }),
    )
    this.#unload = unload
    return keepAlive.during(unload.report)
  }

  async #endGeneration(generation: Generation, order: UnloadOrder): Promise<Ending | undefined> {
    const drained = await drainGeneration(this, generation, order)
    if (drained.type === 'called-off') {
      this.#goOn(generation)
      if (drained.failure && !order.onlyIfIdle) throw drained.failure
      return undefined
    }
    // It died meanwhile: that was a crash, and all that follows from one is done.
    if (this.#generation !== generation) return drained.ending
    this.#life.apply({ type: 'drained' })
    this.settle(generation, unloadedEnd)
    const ending = await endGeneration(this, generation, drained)
    if (ending.zombie) this.#stillAlive(generation)
    this.counters.unloads++
    this.#retire(generation, unloadedEnd)
    this.#life.apply({ type: ending.zombie ? 'still-alive' : 'gone' })
    return ending
  }

  /** The unload was called off: the component goes on as if nothing had been. A crash meanwhile has said so itself. */
  #goOn(generation: Generation): void {
    if (this.#generation !== generation) return
    this.#life.apply({ type: 'drain-called-off' })
    generation.resume((epoch) => this.main.caller.resume(generation.number, epoch))
    // What was under way may have been given up already, and its connection with it.
    if (!this.main.caller.has(generation.number)) this.main.attach(generation)
  }

  #ended(generation: Generation, end: GenerationEnd): void {
    const { status } = this.state
    // Whoever loads or unloads it sees to its end.
    if (this.#generation !== generation || (status !== 'ready' && status !== 'draining')) return
    // First: whoever is told of the crash may unregister it at once.
    this.#threadGone = this.#afterThread(generation, this.#threadGone)
    // What has not ended by itself when time is up is ended; that is no crash.
    if (this.#stopped && end.reason === 'terminated') {
      if (status === 'ready') this.#life.apply({ type: 'drain', reason: 'shutdown' })
      this.#life.apply({ type: 'drained' })
      this.counters.unloads++
      this.#retire(generation, end)
      return
    }
    const crash = crashOf(this.origin, generation.number, end)
    this.counters.crashes++
    this.#life.apply({ type: 'crashed', reason: crash.reason, error: crash.error })
    this.#retire(generation, end)
    this.surroundings.crashed(crash)
    this.share.over(this)
  }

  /** @param before that of the generation before it, which may take longer. */
  async #afterThread(generation: Generation, before: Promise<void> | undefined): Promise<void> {
    const gone = await generation.host.exited(terminateDeadline)
    if (!gone) this.#stillAlive(generation)
    const event = afterThread(this.state, generation.number, gone)
    if (event) this.#life.apply(event)
    await before
  }

  /** Its thread was to be gone by now. */
  #stillAlive({ host, number }: Generation): void {
    this.zombies.add(host, () => {
      if (this.state.status === 'zombie' && this.zombies.size === 0) this.#life.apply({ type: 'gone' })
    })
    this.surroundings.zombie(number)
  }

  /** The generation is over: its calls are settled, its dependents told, its figures kept. */
  #retire(generation: Generation, end: GenerationEnd): void {
    if (this.#generation !== generation) return
    this.usage.add(generation.activity)
    this.usage.served.add(generation.served)
    this.#generation = undefined
    this.#requests?.close()
    this.settle(generation, end)
    this.usage.leases.giveUpWaiting()
    const { state } = this
    this.surroundings.workerEnded(generation, end, state.status === 'unloading' ? state.reason : undefined)
  }
}
