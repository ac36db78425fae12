import type { MessagePort } from 'node:worker_threads'
import { Caller } from '../channel/caller.ts'
import type { GenerationEnd } from '../channel/caller.ts'
import type { CallerOptions } from '../channel/caller-options.ts'
import { Callbacks } from '../channel/callbacks.ts'
import { createRemote } from '../channel/remote.ts'
import { ComponentFailedError } from '../contract/errors.ts'
import type { CrashReason } from '../contract/errors.ts'
import { wallTimeToWaitFor } from '../base/monotonic.ts'
import { Generation } from '../host/generation.ts'
import type { WorkerHost } from '../host/worker-host.ts'
import { terminateDeadline } from './burial.ts'
import { generationDied } from './death.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { ResolvedDefinition } from './definition.ts'
import { Hibernation } from './hibernation.ts'
import { LeaseCount } from './lease-count.ts'
import { watchLease } from './leftover-lease.ts'
import { initialLifecycle, isLoaded, transition } from './lifecycle.ts'
import type { Lifecycle, LifecycleEvent } from './lifecycle.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import { loadGeneration } from './load.ts'
import type { Surroundings } from './surroundings.ts'
import { nothingUnloaded } from './unload.ts'
import { UnloadUnderWay } from './unload-under-way.ts'
import { WorkerRequests } from './worker-requests.ts'

/** One component: owns its state, the one worker it may have, and the main thread's end of its calls. */
export class Supervisor {
  readonly definition: ResolvedDefinition
  readonly remote: object
  readonly caller: Caller
  readonly surroundings: Surroundings
  /** What the component left to its next generation. */
  readonly hibernation: Hibernation
  readonly leases = new LeaseCount()
  readonly zombies = new Map<WorkerHost, number>()
  /** After a crash: over when that worker is gone, or was given up on. */
  burial: Promise<void> | undefined
  readonly counters = { loads: 0, unloads: 0, crashes: 0, calls: 0, errors: 0 }
  /** ms the last load took; undefined before the first. */
  lastLoadTime: number | undefined
  #state: Lifecycle
  #generation: Generation | undefined
  #loading: Promise<void> | undefined
  #unload: UnloadUnderWay | undefined
  readonly #links: Callbacks
  readonly #cancelLoad = new AbortController()
  #onRest: (() => void)[] = []
  #requests: WorkerRequests | undefined
  #lastAccess = 0
  #stopped: { readonly error: unknown } | undefined

  constructor(definition: ResolvedDefinition, surroundings: Surroundings) {
    this.definition = definition
    this.surroundings = surroundings
    this.#state = initialLifecycle(surroundings.now())
    this.hibernation = new Hibernation(definition.name, definition.hibernate, surroundings.logger, surroundings.now)
    const onTimeout = (): void => surroundings.timedOut(definition.name)
    const linkCall: CallerOptions['linkCall'] = (component, queued) => surroundings.locks.linkCall(component, queued)
    this.#links = new Callbacks(definition.name, () => this.#state.generation, definition.maxQueue, {
      onBusy: (busy) => this.#keep(busy),
      linkCall,
      calls: { callTimeout: definition.callTimeout, onTimeout },
    })
    this.caller = new Caller({
      component: definition.name,
      links: this.#links,
      maxQueue: definition.maxQueue,
      watch: surroundings.calls,
      linkCall,
      onWaiting: () => this.#callWaits(),
      onTimeout,
      onBusy: (busy) => {
        this.#keep(busy)
        surroundings.busy(this, busy)
      },
    })
    this.remote = createRemote(this.caller, { timeout: definition.callTimeout })
  }

  get name(): string {
    return this.definition.name
  }

  get state(): Lifecycle {
    return this.#state
  }

  /** The live generation, from its load until its worker is gone. */
  get generation(): Generation | undefined {
    return this.#generation
  }

  /** Calls under way or waiting, open streams, live subscriptions and leases. */
  get inUse(): number {
    const { active, subscriptions } = this.#generation?.activity ?? { active: 0, subscriptions: 0 }
    return this.leases.held + this.caller.waiting + Math.max(this.caller.underWay, active) + subscriptions
  }

  /** When the last call was, ms of the monotonic clock; 0 before the first. */
  get lastAccess(): number {
    return Math.max(this.#lastAccess, this.#generation?.activity.lastAccess ?? 0)
  }

  /** ms without use: 0 while in use; before the first call, since it was loaded. */
  get idleTime(): number {
    if (this.inUse > 0) return 0
    return Math.max(0, this.surroundings.now() - Math.max(this.lastAccess, this.#state.since))
  }

  get calls(): number {
    return this.counters.calls + (this.#generation?.activity.calls ?? 0)
  }

  get errors(): number {
    return this.counters.errors + (this.#generation?.activity.errors ?? 0)
  }

  /**
   * Loads the component unless it is loaded; all who ask meanwhile get the same load.
   *
   * @param chain who needs it, outermost first, for the error's path.
   */
  async load(chain: readonly string[] = []): Promise<void> {
    for (;;) {
      const state = this.#state
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
          if (this.surroundings.now() < state.retryAt) throw this.#backingOff(state)
          await this.#startLoad(chain)
          return
        case 'unloaded':
        case 'zombie':
          await this.#startLoad(chain)
          return
      }
    }
  }

  /**
   * Unloads the component; all who ask meanwhile get the same report, and the earliest of their deadlines counts.
   *
   * @param deadline ms that calls under way are given.
   * @param onlyIfIdle undefined is returned, and nothing changes, when the component is or gets in use.
   */
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle: true): Promise<UnloadReport | undefined>
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle?: false): Promise<UnloadReport>
  async unload(reason: UnloadReason, deadline: number, onlyIfIdle = false): Promise<UnloadReport | undefined> {
    for (;;) {
      switch (this.#state.status) {
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
          return this.#startUnload(reason, deadline, onlyIfIdle)
        }
        case 'unloaded':
        case 'failed':
        case 'zombie':
          return nothingUnloaded(this, reason)
      }
    }
  }

  /** Ends the worker at once, as a crash: for one that passed its memory limit. */
  async kill(reason: CrashReason): Promise<void> {
    await this.#generation?.host.terminate(terminateDeadline, reason)
  }

  /** Asks a loaded component to drop what it can; false when it did not answer within `deadline` ms, or is not loaded. */
  async trim(level: PressureLevel, deadline: number): Promise<boolean> {
    return this.#state.status === 'ready' ? (this.#generation?.trim(level, deadline) ?? false) : false
  }

  lease(): Disposable {
    this.#keep(true)
    const { inContext, logger } = this.surroundings
    const unwatch = inContext(() => watchLease(this.name, logger))
    return this.leases.take(() => {
      unwatch()
      this.#lastAccess = this.surroundings.now()
      this.#keep(false)
      if (this.leases.held === 0) this.surroundings.busy(this, false)
    })
  }

  /** Resolves when no lease is held, or the generation is over, or nobody can call any more. */
  async leasesOver(generation: Generation): Promise<void> {
    if (this.#generation === generation && !this.#stopped) await this.leases.over()
  }

  /** Resolves once everything that was sent to it is answered, also to its callbacks. */
  async quiet(): Promise<void> {
    await this.caller.quiet()
    await this.#links.quiet()
  }

  /** Forgets its failures; a component that backs off may be loaded again at once. */
  reset(): void {
    this.apply({ type: 'reset' })
  }

  /** A connection for another component; loads this one first. */
  async connectPeer(chain: readonly string[]): Promise<{ port: MessagePort; generation: number }> {
    for (;;) {
      await this.load(chain)
      if (this.#state.status === 'ready' && this.#generation) {
        return { port: this.#generation.connect(), generation: this.#generation.number }
      }
    }
  }

  /** Tells the worker, if there is one, what holds for calls of a dependency that was registered just now. */
  dependencyRegistered({ name, callTimeout, maxQueue }: ResolvedDefinition): void {
    this.#generation?.host.post({ type: 'dependency-registered', name, options: { callTimeout, maxQueue } })
  }

  /** Tells the worker, if there is one, that a dependency's generation is over. */
  dependencyEnded(name: string, generation: number, end: GenerationEnd): void {
    const { reason, exitCode } = end
    this.#generation?.host.post({ type: 'dependency-ended', name, generation, end: { reason, exitCode } })
  }

  /** A deadline has passed in that component, of which it may not have heard: new calls wait until it shows that it listens. */
  holdBackCallsOf(name: string): void {
    this.#generation?.host.post({ type: 'unheard', name })
    if (name !== this.name) return
    this.caller.holdBack()
    this.#links.holdBack()
  }

  /** Takes no more: a load under way is given up, new and waiting calls reject with `error`; calls under way go on. */
  stop(error: unknown): void {
    this.#stopped ??= { error }
    this.#cancelLoad.abort(error)
    this.caller.stop(error)
    this.leases.giveUpWaiting()
  }

  /** For good, after `stop`: what is still under way rejects. */
  close(error: unknown): void {
    this.stop(error)
    this.caller.close(error)
    this.leases.giveBackAll()
  }

  get stopped(): boolean {
    return this.#stopped !== undefined
  }

  /** The signal that ends a load under way, and all waiting for what only another load would need. */
  get loadSignal(): AbortSignal {
    return this.#cancelLoad.signal
  }

  apply(event: LifecycleEvent): void {
    this.#state = transition(this.#state, event, this.surroundings.now(), this.definition.restart)
    if (!isLoaded(this.#state)) for (const resolve of this.#onRest.splice(0)) resolve()
  }

  /** Resolves once nothing loads, serves or is being unloaded, and its last worker is gone, or was given up on. */
  async atRest(): Promise<void> {
    while (isLoaded(this.#state)) await new Promise<void>((resolve) => this.#onRest.push(resolve))
    await this.burial
  }

  /** The load came to nothing. The calls that waited for it are told at once: one made from now on asks for another load. */
  loadOver(event: Extract<LifecycleEvent, { type: 'load-failed' | 'load-refused' }>, error: unknown): void {
    this.apply(event)
    this.caller.rejectWaiting(error)
  }

  /** Looks again at calls that had to wait for a change of state. */
  wake(): void {
    if (this.caller.waiting > 0) this.#callWaits()
  }

  /** Takes over a worker for the generation being loaded. */
  adopt(host: WorkerHost): Generation {
    const { generation: number } = this.#state
    const requests = new WorkerRequests(this.name, number, host, this.surroundings)
    const generation = new Generation(number, host, (message) => requests.receive(message))
    this.#generation = generation
    this.#requests = requests
    this.surroundings.workerStarted(this)
    void host.ended.then((end) => this.#ended(generation, end))
    return generation
  }

  /** Nothing that was sent to the generation will be answered any more: its calls and callbacks end, its dependents are told. */
  settle(generation: Generation, end: GenerationEnd): void {
    this.caller.ended(generation.number, end)
    this.#links.ended(generation.number, end)
    this.surroundings.generationEnded(this.name, generation.number, end)
  }

  /** The generation is over: its calls are settled, its dependents told, its figures kept. */
  retire(generation: Generation, end: GenerationEnd): void {
    if (this.#generation !== generation) return
    const { calls, errors, lastAccess } = generation.activity
    this.counters.calls += calls
    this.counters.errors += errors
    this.#lastAccess = Math.max(this.#lastAccess, lastAccess)
    this.#generation = undefined
    this.#requests?.close()
    this.settle(generation, end)
    this.leases.giveUpWaiting()
    const { state } = this
    this.surroundings.workerEnded(this, generation, end, state.status === 'unloading' ? state.reason : undefined)
  }

  async #startLoad(chain: readonly string[]): Promise<void> {
    this.apply({ type: 'load' })
    const { inContext, keepAlive } = this.surroundings
    this.#loading = inContext(() => keepAlive.during(loadGeneration(this, chain)))
    try {
      await this.#loading
    } catch (error) {
      if (!this.loadSignal.aborted) {
        this.surroundings.loadFailed({ name: this.name, generation: this.#state.generation, error })
      }
      throw error
    }
  }

  async #startUnload(reason: UnloadReason, deadline: number, onlyIfIdle: boolean): Promise<UnloadReport | undefined> {
    const generation = this.#generation
    if (!generation) throw new Error(`Component "${this.name}" is ready without a worker`)
    this.apply({ type: 'drain', reason })
    const { inContext, keepAlive } = this.surroundings
    const unload = inContext(() => new UnloadUnderWay(this, generation, { reason, deadline, onlyIfIdle }))
    this.#unload = unload
    return keepAlive.during(unload.report)
  }

  #callWaits(): void {
    const state = this.#state
    switch (state.status) {
      case 'failed':
        if (this.surroundings.now() < state.retryAt) this.caller.rejectWaiting(this.#backingOff(state))
        else this.load().catch(() => {})
        break
      case 'unloaded':
      case 'zombie':
        // What goes wrong is told to the calls that wait, by then.
        this.load().catch(() => {})
        break
      case 'loading':
      case 'ready':
      case 'draining':
      case 'unloading':
        // They are sent, or looked at again, when that is over.
        break
    }
  }

  #ended(generation: Generation, end: GenerationEnd): void {
    const { status } = this.#state
    // Whoever loads or unloads it sees to its end.
    if (this.#generation === generation && (status === 'ready' || status === 'draining')) {
      generationDied(this, generation, end)
    }
  }

  #backingOff(state: Extract<Lifecycle, { status: 'failed' }>): ComponentFailedError {
    return new ComponentFailedError(this.name, wallTimeToWaitFor(state.retryAt), { cause: state.error })
  }

  #keep(busy: boolean): void {
    if (busy) this.surroundings.keepAlive.hold()
    else this.surroundings.keepAlive.release()
  }
}
