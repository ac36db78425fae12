import { EventEmitter } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { CallWatch, type CallListener } from './channel/call-watch.ts'
import { forCaller } from './channel/error-for-caller.ts'
import { ComlinkEndpoints } from './transport/comlink-endpoints.ts'
import type { Remote } from './contract/remote.ts'
import { MetricsTakers } from './component/metrics-takers.ts'
import { Component, loadAll } from './component/component.ts'
import { callsOf, lastErrorOf } from './component/component-calls.ts'
import { describeComponent } from './component/describe-component.ts'
import type { Advice } from './contract/advice.ts'
import type { ComponentCalls } from './contract/component-calls.ts'
import type { ComponentInfo } from './contract/component-info.ts'
import type { PressureLevel } from './contract/pressure-level.ts'
import { terminateDeadline } from './component/terminate-deadline.ts'
import { defaultDrainDeadline, Departures } from './component/departures.ts'
import { resolveDefinition } from './component/definition.ts'
import type { ResolvedDefinition } from './component/definition.ts'
import type { DefinitionOf } from './contract/config-of.ts'
import { Families } from './component/families.ts'
import type { ComponentFamily, FamilyDefinitionOf } from './component/family.ts'
import { writeCpuProfile, writeHeapSnapshot } from './component/inspect.ts'
import type { Lease } from './component/lease.ts'
import { watchRecycling } from './component/recycle-watch.ts'
import { Registry } from './component/registry.ts'
import { createSharedLocks } from './component/shared-locks.ts'
import { discardAll, shutdownAll } from './component/shutdown.ts'
import type { ShutdownReport } from './component/shutdown.ts'
import { watchIdle } from './component/idle-watch.ts'
import type { Supervisor } from './component/supervisor.ts'
import { StuckWatch } from './component/stuck-watch.ts'
import { tellRegistered } from './component/news.ts'
import type { UnloadReport } from './contract/unload-report.ts'
import { keepContext } from './base/context.ts'
import { withDeadline } from './base/deadline.ts'
import { clusterOf } from './live/joined-cluster.ts'
import { switchControl } from './control/control-switch.ts'
import type { CoordinatorEvents } from './contract/events.ts'
import { resolveCoordinatorOptions } from './coordinator-options.ts'
import type { ResolvedCoordinatorOptions } from './coordinator-options.ts'
import type { CoordinatorOptions } from './contract/coordinator-options.ts'
import { CoordinatorShutdownError } from './contract/errors.ts'
import { abortable } from './host/abortable.ts'
import { expectNoPreload } from './host/preload.ts'
import { KeepAlive } from './host/keep-alive.ts'
import { defaultResourceLimits } from './host/resource-limits.ts'
import { ProcessHost } from './host/process/process-host.ts'
import { Spares } from './host/spares.ts'
import { WorkerHost } from './host/worker-host.ts'
import { MemoryManager } from './memory/manager.ts'
import { pagePoolOfProcess } from './memory/act/page-pool.ts'
import { ANSWER_TIME } from './memory/tuning.ts'
import { processEffects, Reclaimer } from './memory/act/reclaimer.ts'
import { Advisor } from './observability/advisor.ts'
import { ComponentLogs, defaultLogger } from './observability/component-logs.ts'
import { policyClock } from './base/policy-clock.ts'
import { Announcer } from './observability/announcer.ts'
import { GuardedLogger } from './observability/guarded-logger.ts'
import { joinCoordinators } from './observability/live-coordinators.ts'
import { Tracing } from './observability/tracing.ts'
import type { LockManager } from './locks/lock-manager.ts'
import { expectMemberName, expectNumber, expectOptions } from './base/option-checks.ts'
import { memoryEvents, surroundingsOf } from './wire-components.ts'
import type { CoordinatorParts } from './wire-components.ts'
import { setImmediate } from './base/timers.ts'

const longest = 2 ** 31 - 1

/**
 * Runs each registered component in a worker thread of its own: loads it on first use, keeps an account of its memory, and unloads what
 * is idle and least important when memory runs short.
 *
 * @throws InvalidOptionsError from the constructor and every method, for a bad option.
 */
export class ComponentCoordinator extends EventEmitter<CoordinatorEvents> implements AsyncDisposable {
  readonly memory: MemoryManager
  /** Named locks for this thread and, as `context.locks`, for components. */
  readonly locks: LockManager
  readonly #options: ResolvedCoordinatorOptions
  readonly #registry = new Registry()
  readonly #families = new Families({
    registerMember: (member, family) =>
      this.#register({ ...resolveDefinition(member, this.#options.defaults, expectMemberName), family }),
    unregisterComponent: async (name) => this.unregisterComponent(name),
  })
  readonly #departures = new Departures(this.#registry, (name) => {
    this.#parts.advisor.forget(name)
    this.memory.leaks.forget(name)
    this.#parts.logs.forget(name)
  })
  readonly #parts: CoordinatorParts
  readonly #endpoints = new ComlinkEndpoints()
  /** What it starts, and whom it tells, is part of no request. */
  readonly #inContext = keepContext()
  readonly #reclaimer: Reclaimer
  readonly #membership: Disposable
  readonly #control: AsyncDisposable
  #shutdown: Promise<ShutdownReport> | undefined

  constructor(options: CoordinatorOptions = {}) {
    super()
    expectNoPreload()
    this.#options = resolveCoordinatorOptions(options)
    this.#membership = joinCoordinators(this)
    const logger = new GuardedLogger(() => this.#options.logger ?? defaultLogger(), this.#inContext)
    const clock = policyClock(this.#options.clock, (error) =>
      logger.error({ err: error }, 'the clock that was given failed: from now on real time counts'),
    )
    const copies = (): readonly Supervisor[] => this.#registry.registeredCopies
    const idle = watchIdle({ clock, supervisors: copies, isNeeded: (copy) => this.#registry.isNeeded(copy) })
    const recycles = watchRecycling({ clock, copies, memoryOf: (copy) => this.memory.memoryOf(copy)?.total })
    const calls = new CallWatch(this.#inContext, (error) => logger.error({ err: error }, 'a listener of calls threw'))
    const tracing = new Tracing(calls)
    const announcer = new Announcer(this, logger, tracing, this.#inContext)
    const logs = new ComponentLogs(logger)
    this.#reclaimer = new Reclaimer(processEffects, pagePoolOfProcess())
    this.locks = createSharedLocks(logger, (name) => this.#registry.loadsWith(name))
    const defaultWorkerOptions = { resourceLimits: defaultResourceLimits(this.#options.memory.totalLimit) }
    const keepAlive = new KeepAlive()
    const spares = new Spares(this.#options.spareWorkers, {
      thread: () => new WorkerHost(defaultWorkerOptions),
      process: () => new ProcessHost(defaultWorkerOptions),
    })
    const advisor = new Advisor({
      components: () => this.list(),
      memory: () => this.memory,
      lastErrorOf: (name) => lastErrorOf(this.#registry.get(name)),
      tell: (event) => announcer.advised(event),
    })
    this.memory = new MemoryManager({
      clock,
      options: this.#options.memory,
      registry: this.#registry,
      spares,
      reclaimer: this.#reclaimer,
      logger,
      emit: memoryEvents(advisor, announcer, recycles),
    })
    const stuck = new StuckWatch({
      supervisors: () => this.#registry.all,
      logger,
      silent: (name, silent) => advisor.silent(name, silent),
    })
    this.#parts = {
      clock,
      now: clock.now,
      keepAlive,
      spares,
      logger,
      inContext: this.#inContext,
      locks: this.locks,
      calls,
      metricsTakers: new MetricsTakers(),
      defaultWorkerOptions,
      memoryReturn: this.#reclaimer,
      registry: this.#registry,
      families: this.#families,
      memory: this.memory,
      stuck,
      idle,
      recycles,
      advisor,
      announcer,
      logs,
      tracing,
    }
    this.#control = switchControl({ asked: this.#options.control, coordinator: this, logger })
  }

  /**
   * Makes a component known. Nothing is loaded; its first call does that.
   *
   * @returns its durable proxy: it stays valid when the component is unloaded or crashes.
   * @throws DuplicateComponentError, DependencyCycleError, InvalidOptionsError, CoordinatorShutdownError.
   */
  registerComponent<T = unknown>(definition: DefinitionOf<T>): Remote<T> {
    return this.#register(resolveDefinition(definition, this.#options.defaults)) as Remote<T>
  }

  /**
   * Unloads a component and forgets it; its proxies reject with ComponentNotFoundError from then on. Its name is free at once: what is registered
   * under it is loaded when the worker of this one is gone.
   */
  async unregisterComponent(name: string): Promise<UnloadReport> {
    this.#families.forget(name)
    return this.#departures.unregister(name)
  }

  /**
   * Components by key, each in its own worker.
   *
   * @throws DuplicateComponentError when there is a family of that name; InvalidOptionsError.
   */
  registerFamily<T = unknown>(definition: FamilyDefinitionOf<T>): ComponentFamily<T> {
    this.#assertOpen()
    return this.#families.register<T>(definition, this.#options.defaults)
  }

  /**
   * Loads a component, its dependencies first, and resolves with its proxy.
   *
   * @throws what made the load impossible; the signal's reason when aborted (the load itself goes on for others).
   */
  async getComponent<T = unknown>(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Remote<T>> {
    this.#assertOpen()
    const component = this.#registry.get(name)
    const { signal } = expectOptions(options, ['signal'])
    signal?.throwIfAborted()
    await abortable(forCaller(component.load()), signal)
    return component.main.remote as Remote<T>
  }

  /** The proxy of a registered component; does not load it. */
  component<T = unknown>(name: string): Remote<T> {
    return this.#registry.get(name).main.remote as Remote<T>
  }

  /** Loads a component and keeps it loaded until the lease is given back. */
  async acquire<T = unknown>(name: string): Promise<Lease<T>> {
    this.#assertOpen()
    return forCaller(this.#registry.get(name).acquire<T>())
  }

  /** One component, as it is now. Loads nothing. */
  info(name: string): ComponentInfo {
    return this.#describe(this.#registry.get(name))
  }

  /** All components, in the order of registration. Loads nothing. */
  list(): ComponentInfo[] {
    return Array.from(this.#registry.registered, (component) => this.#describe(component))
  }

  /** Loads several components side by side. @throws ComponentNotFoundError before that; else the one error, or an AggregateError of all. */
  async preload(names: Iterable<string>): Promise<void> {
    this.#assertOpen()
    await forCaller(loadAll([...names].map((name) => this.#registry.get(name))))
  }

  /**
   * Unloads a component: its calls under way are given `deadline` ms (default 5,000) and then reject; calls that come meanwhile wait
   * and load it again.
   */
  async unloadComponent(name: string, options: { readonly deadline?: number } = {}): Promise<UnloadReport> {
    const { deadline: given = defaultDrainDeadline } = expectOptions(options, ['deadline'])
    const deadline = expectNumber('deadline', given, { min: 0, max: longest })
    return this.#registry.get(name).unload('requested', deadline)
  }

  /**
   * Replaces a component's generations by new ones, copy by copy; while it is not loaded there is nothing to do. Resolves when the new ones serve and the
   * old ones are gone, for which calls under way and leases there are waited for; rejects with what made a load impossible: then the old one goes on.
   */
  async recycleComponent(name: string): Promise<void> {
    this.#assertOpen()
    await forCaller(this.#registry.get(name).recycleAll())
  }

  /** Clears a component's failed state and its record of failures: the next call loads it at once. */
  resetComponent(name: string): void {
    this.#registry.get(name).reset()
  }

  /**
   * A port for stock comlink: `Comlink.wrap(port)` calls the component, under the same allow-list and with the same durability.
   * Only calls are served; reading, setting and constructing are refused. Close the port to end it. A request that this thread cannot
   * read (nested deeper than its stack is) is never answered: comlink's protocol does not say whose it is.
   */
  createEndpoint(name: string): MessagePort {
    this.#assertOpen()
    const { main, definition } = this.#registry.get(name)
    return this.#endpoints.serve({
      name,
      call: async (path, args, signal) => main.caller.call(path, args, { timeout: definition.callTimeout, signal }, {}),
    })
  }

  /**
   * Who calls a component, and what its calls failed with last. Loads nothing. What a generation had not told before it crashed is missing; a worker
   * that does not answer within 250 ms is taken at its last word.
   */
  async callsOf(name: string): Promise<ComponentCalls> {
    return callsOf(this.#registry.get(name), ANSWER_TIME)
  }

  /**
   * What is wrong now (`urgent`), and what is set up in a way that costs; and what to do about it. Each piece is also logged and told by the event
   * `advice`, when it begins and when it is over.
   */
  advice(): Advice[] {
    return this.#parts.advisor.advice()
  }

  /** Share of a component's calls of the last minute that failed, 0 to 1; null: there were none. */
  errorShareOf(name: string): number | null {
    return this.#parts.advisor.errorShareOf(name)
  }

  /**
   * Tells `listener` of every call from the main thread that settles, until the result is disposed of. Calls cost nothing more while
   * nobody listens.
   */
  watchCalls(listener: CallListener): Disposable {
    return this.#parts.calls.add(listener)
  }

  /**
   * Has a component write everything on its heap into a file, for Chrome's developer tools. Loads it if need be; it answers no calls meanwhile,
   * and is not unloaded. The file holds whatever the component holds, secrets included.
   *
   * @param options.deadline ms; default 120,000.
   * @throws CallTimeoutError when it takes longer.
   */
  async writeHeapSnapshot(name: string, file: string, options: { readonly deadline?: number } = {}): Promise<void> {
    this.#assertOpen()
    await forCaller(writeHeapSnapshot(this.#registry.get(name), file, options.deadline))
  }

  /**
   * Has a component write a CPU profile of its next `duration` ms (default 5,000) into a file, for Chrome's developer tools. Loads it if need be;
   * it is not unloaded meanwhile.
   */
  async writeCpuProfile(name: string, file: string, options: { readonly duration?: number } = {}): Promise<void> {
    this.#assertOpen()
    await forCaller(writeCpuProfile(this.#registry.get(name), file, options.duration))
  }

  /** @internal For spillway/testing, and what the dashboard logs through. */
  get parts(): CoordinatorParts {
    return this.#parts
  }

  /** True from the first call of `shutdown` on. */
  get isShutdown(): boolean {
    return this.#shutdown !== undefined
  }

  /**
   * Unloads everything, dependents first, and ends. Further calls of this method get the same report; everything else rejects with
   * CoordinatorShutdownError.
   *
   * @param options.deadline ms; default `shutdownTimeout`.
   */
  shutdown(options: { readonly deadline?: number } = {}): Promise<ShutdownReport> {
    const { deadline: given = this.#options.shutdownTimeout } = expectOptions(options, ['deadline'])
    const deadline = expectNumber('deadline', given, { min: 0, max: longest })
    this.#shutdown ??= this.#inContext(() => this.#parts.keepAlive.during(this.#end(deadline)))
    return this.#shutdown
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  /** The current pressure, as a shorthand of `memory.pressureLevel`. */
  get pressureLevel(): PressureLevel {
    return this.memory.pressureLevel
  }

  #register(definition: ResolvedDefinition): object {
    this.#assertOpen()
    this.#registry.check(definition.name, definition.dependencies)
    const component = this.#inContext(() => new Component(definition, (copy) => surroundingsOf(copy, this.#parts)))
    this.#registry.add(component)
    tellRegistered(this.#registry.dependentCopiesOf(component.name), definition)
    return component.main.remote
  }

  async #end(deadline: number): Promise<ShutdownReport> {
    const error = new CoordinatorShutdownError()
    const leaving = clusterOf(this)?.leave?.()
    if (leaving) await withDeadline(leaving, deadline / 2)
    for (const component of this.#registry.components) component.stop(error)
    const { stuck, idle, recycles, advisor, spares } = this.#parts
    for (const each of [this.memory, stuck, idle, recycles, advisor]) each.stop()
    const [report] = await Promise.all([shutdownAll(this.#registry, deadline), spares.close(terminateDeadline)])
    for (const component of this.#registry.components) component.close(error)
    await Promise.all([discardAll(this.#registry, deadline - report.duration), this.#reclaimer[Symbol.asyncDispose]()])
    this.#endpoints.close()
    this.locks.close()
    this.memory[Symbol.dispose]()
    await this.#control[Symbol.asyncDispose]()
    if (report.left.length === 0) this.#membership[Symbol.dispose]()
    else this.#parts.logger.error({ left: report.left }, 'shutdown: workers that did not die are left behind')
    // After the callers of shutdown() have been answered nothing holds the process any more.
    setImmediate(() => this.#parts.keepAlive[Symbol.dispose]())
    return report
  }

  #describe(component: Component): ComponentInfo {
    const dependents = this.#registry.dependentsOf(component.name).filter((each) => !this.#registry.isLeaving(each))
    const names = dependents.map(({ name }) => name)
    return describeComponent(component, names, this.memory)
  }

  #assertOpen(): void {
    if (this.#shutdown) throw new CoordinatorShutdownError()
  }
}
