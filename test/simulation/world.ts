import { EventQueue } from '../../bench/policy/event-queue.ts'
import { createRandom } from '../../bench/policy/random.ts'
import type { Action } from '../../src/memory/decide/action.ts'
import { nextPressureChange } from '../../src/memory/decide/pressure.ts'
import { nextLook, nextSample, roomLeft } from '../../src/memory/decide/schedule.ts'
import { decide, initialDecisions } from '../../src/memory/decide/turn.ts'
import { resolveMemoryOptions } from '../../src/memory/options.ts'
import type { MemoryOptions } from '../../src/contract/memory-options.ts'
import { ANSWER_TIME } from '../../src/memory/tuning.ts'
import type { Scenario } from './scenario.ts'
import { SimAccount } from './sim-account.ts'
import { happens, SimComponent } from './sim-component.ts'
import { Watch } from './watch.ts'

/**
 * The memory manager's loop under a deterministic clock: the real decisions, over a real account of components without workers. What takes time in a process
 * (loads, calls, unloads, answers) takes as long as the scenario says; while the main thread stalls, nothing of the manager runs.
 */
export class World {
  readonly watch: Watch
  readonly components: readonly SimComponent[]
  readonly scenario: Scenario
  readonly account: SimAccount
  readonly #queue = new EventQueue()
  readonly #random
  readonly options: MemoryOptions
  readonly #open = new Map<SimComponent, Disposable>()
  /** Those that look again soon whether a dependency is there. */
  readonly #awaiting = new Set<SimComponent>()
  /** Every call that was made: of which component (its index), and when. */
  readonly calls: { readonly component: number; readonly time: number }[] = []
  #decisions = initialDecisions(0)
  #lookIn = Number.POSITIVE_INFINITY
  #timer = 0
  #nextId = 0
  #wantsSpare = false
  /** Something has happened while the main thread stood still. */
  #isWaitedFor = false

  constructor(scenario: Scenario, options: Partial<MemoryOptions> = {}) {
    this.scenario = scenario
    this.components = scenario.components.map((is) => new SimComponent(is))
    this.#random = createRandom(scenario.seed ^ 0x5bd1e995)
    const { limit: totalLimit, minIdleTime } = scenario
    this.options = resolveMemoryOptions({ totalLimit, minIdleTime, policy: 'cost-aware', ...options })
    this.account = new SimAccount(scenario, this.components, () => this.now)
    this.watch = new Watch(this)
  }

  get now(): number {
    return this.#queue.now
  }

  /** Its life, to the end. */
  finished(): this {
    this.run()
    return this
  }

  run(): void {
    const { duration, components, frees } = this.scenario
    for (const component of components) this.#callLater(this.#named(component.name))
    for (const { at, bytes } of frees) {
      this.#queue.at(at, () => {
        this.account.frees.push({ id: ++this.#nextId, bytes, asked: new Set(), freed: 0 })
        this.#turn()
      })
    }
    this.#look()
    // What is under way at the end has time to come to one.
    while ((this.#queue.next ?? Number.POSITIVE_INFINITY) < duration + 20_000) this.#queue.step()
    this.watch.over(this.account.requests())
  }

  // Calls.

  #callLater(component: SimComponent | undefined): void {
    if (!component) return
    this.#queue.after(this.#random.exponential(component.is.gap), () => {
      if (this.now > this.scenario.duration) return
      this.#call(component)
      this.#callLater(component)
    })
  }

  #call(component: SimComponent): void {
    this.calls.push({ component: this.components.indexOf(component), time: this.now })
    if (!component.inUse) component.account.called(this.now)
    component.waiting++
    this.#serve(component)
  }

  /** What waits is called, or has the component loaded. */
  #serve(component: SimComponent): void {
    const { state } = component
    if (component.waiting === 0) return
    if (state.kind === 'unloaded') this.#ask(component)
    if (state.kind !== 'loaded') return
    const calls = component.waiting
    component.bytes(this.now)
    component.waiting = 0
    if (component.calls === 0) component.usedSince = this.now
    component.calls += calls
    const { generation } = component
    this.#queue.after(component.is.callTime, () => {
      if (component.generation !== generation || component.state.kind !== 'loaded') return
      component.bytes(this.now)
      component.calls -= calls
      component.lastUsed = this.now
      if (component.inUse) return
      component.account.idle(this.now)
      this.account.idleAt = this.now
      this.#turn()
    })
  }

  #ask(component: SimComponent): void {
    // Its dependencies first.
    for (const name of component.is.dependencies) {
      const dependency = this.#named(name)
      if (dependency?.state.kind === 'loaded') continue
      if (dependency && !this.#awaiting.has(component)) {
        this.#awaiting.add(component)
        if (!dependency.inUse) dependency.account.called(this.now)
        dependency.waiting++
        this.#serve(dependency)
        this.#queue.after(100, () => {
          this.#awaiting.delete(component)
          this.#serve(component)
        })
      }
      return
    }
    component.state = { kind: 'asking', id: ++this.#nextId, since: this.now }
    this.#turn()
  }

  /** What waits for it gets an error, and what waits for that. */
  #reject(component: SimComponent): void {
    component.waiting = 0
    for (const each of this.components) if (each.is.dependencies.includes(component.is.name)) this.#reject(each)
  }

  // Lives.

  #load(component: SimComponent): void {
    component.startWorker(this.now)
    if (this.account.spares > 0) this.account.spares--
    const { generation } = component
    this.#queue.after(component.is.loadTime, () => {
      if (component.generation !== generation || component.state.kind !== 'loading') return
      component.bytes(this.now)
      component.state = { kind: 'loaded', since: this.now }
      component.loadTime = component.is.loadTime
      component.account.loaded(this.now, this.account.reservations.promisedTo(component.is.name))
      this.#open.get(component)?.[Symbol.dispose]()
      this.account.changed()
      if (!this.#wantsSpare && !this.#decisions.relief.hasGivenUpSpares) this.#addSpare()
      this.#serve(component)
      this.#sample()
    })
  }

  #addSpare(): void {
    this.#wantsSpare = true
    this.account.spares = 1
  }

  #gone(component: SimComponent, fate: 'evicted' | 'overgrown' | 'ended'): void {
    const held = component.account.memory?.total ?? 0
    component.calls = 0
    component.workerGone(this.now, fate)
    this.account.reservations.drop(component.is.name)
    this.#open.get(component)?.[Symbol.dispose]()
    this.#open.delete(component)
    this.account.trend.jumped(-held)
    this.account.changed()
    this.#serve(component)
    this.#sample()
  }

  // The loop.

  #isStalled(): number {
    for (const { from, time } of this.scenario.stalls)
      if (this.now >= from && this.now < from + time) return from + time
    return 0
  }

  #look(): void {
    const stalledUntil = this.#isStalled()
    if (stalledUntil > 0) {
      this.#queue.at(stalledUntil, () => this.#look())
      return
    }
    this.#measure()
    if (this.#isWaitedFor) this.#turn()
    if (this.now >= this.account.sampledAt + this.#interval() - 1) this.#sample()
    else this.#arm()
  }

  #arm(): void {
    const workers = this.components.filter(({ hasWorker }) => hasWorker).length
    const requests = this.account.requests()
    const active = this.components.filter(
      ({ hasWorker, inUse, state }) => hasWorker && (inUse || state.kind === 'loading'),
    )
    const own = active.map(({ is, account }) => (is.memoryLimit ?? Number.POSITIVE_INFINITY) - account.limited)
    const room = roomLeft(this.account.usage, this.scenario.limit, this.options)
    const watch = nextLook({
      workers,
      room: active.length > 0 ? Math.min(room, ...own) : undefined,
      waiting: requests.length,
    })
    const wait = Math.max(1, Math.min(this.account.sampledAt + this.#interval() - this.now, watch))
    const timer = ++this.#timer
    this.#queue.after(wait, () => {
      if (this.#timer === timer) this.#look()
    })
  }

  #interval(): number {
    const components = this.components
      .filter(({ hasWorker, inUse }) => hasWorker && inUse)
      .map(({ account, is }) => ({
        total: (account.memory?.total ?? 0) - (account.memory?.reported ?? 0),
        memoryLimit: is.memoryLimit ?? this.scenario.limit,
        growth: account.peakGrowth,
      }))
    const untilChange = (nextPressureChange(this.#decisions.pressure) ?? Number.POSITIVE_INFINITY) - this.now
    return nextSample(
      {
        usage: this.account.sampledUsage,
        latest: this.account.usage,
        limit: this.scenario.limit,
        growth: this.account.trend.peak,
        components,
        age: this.now - this.account.sampledAt,
        untilChange,
        lookIn: this.#lookIn,
      },
      this.options,
    )
  }

  #measure(): void {
    for (const component of this.components) {
      if (!component.hasWorker) continue
      component.measure(this.now)
    }
  }

  #sample(): void {
    if (this.#isStalled() > 0) {
      // The one that is due after the stall is enough.
      this.#look()
      return
    }
    this.#measure()
    this.account.sampled()
    this.#turn(true)
    this.#arm()
  }

  #turn(isSample = false): void {
    const stalledUntil = this.#isStalled()
    if (stalledUntil > 0) {
      if (!this.#isWaitedFor) this.#queue.at(stalledUntil, () => this.#look())
      this.#isWaitedFor = true
      return
    }
    this.#isWaitedFor = false
    const account = this.account.snapshot()
    const before = this.#decisions
    const { state, actions, measure, lookIn } = decide(before, account, this.options)
    this.#decisions = state
    this.#lookIn = lookIn
    this.watch.turn(before, state, account, actions)
    for (const action of actions) this.#perform(action)
    if (measure && !isSample) this.#sample()
    else if (measure) this.#queue.after(1, () => this.#sample())
    else if (!isSample) this.#arm()
  }

  // What is done about it.

  #perform(action: Action): void {
    switch (action.kind) {
      case 'admit': {
        const component = this.components.find(({ state }) => state.kind === 'asking' && state.id === action.request)
        if (!component) return
        const forecast = this.account.forecast(component)
        this.account.trend.jumped(forecast.expected)
        this.#open.set(component, this.account.reservations.reserve(component.is.name, forecast))
        this.#load(component)
        break
      }
      case 'refuse': {
        const component = this.components.find(({ state }) => state.kind === 'asking' && state.id === action.request)
        if (!component) return
        component.state = { kind: 'unloaded' }
        this.#reject(component)
        break
      }
      case 'settle':
        this.account.frees.splice(
          this.account.frees.findIndex(({ id }) => id === action.request),
          1,
        )
        break
      case 'unload':
        this.#unload(action)
        break
      case 'trim':
        this.#trim(action.names)
        break
      case 'collect':
        this.#collect(this.#named(action.name), action.patience)
        break
      case 'end': {
        const component = this.#named(action.name)
        if (!component || component.state.kind === 'ending' || !component.hasWorker) return
        component.bytes(this.now)
        component.state = { kind: 'ending', since: this.now }
        this.#queue.after(5 + this.#random.next() * 75, () => this.#gone(component, 'overgrown'))
        break
      }
      case 'give-up-spares':
        this.account.trimming++
        this.#queue.after(10, () => {
          this.account.trimming--
          this.account.spares = 0
          this.#wantsSpare = false
          this.account.changed()
          this.#turn()
        })
        break
      case 'restore-spares':
        this.#addSpare()
        break
      case 'exhausted':
      case 'held-up':
        break
    }
  }

  #unload({ name, reason, request }: Extract<Action, { kind: 'unload' }>): void {
    const component = this.#named(name)
    if (!component || component.state.kind !== 'loaded') return
    const { is } = component
    const free = this.account.frees.find(({ id }) => id === request)
    this.account.unloading++
    if (happens(this.#random, is.refuses)) {
      // A call came in just then.
      this.#call(component)
      this.#queue.after(1, () => {
        this.account.unloading--
        component.account.stayed()
        free?.asked.add(name)
        this.#turn()
      })
      return
    }
    component.state = { kind: 'unloading', since: this.now }
    const held = component.account.memory?.total ?? 0
    this.#queue.after(is.unloadTime, () => {
      this.account.unloading--
      free?.asked.add(name)
      if (free) free.freed += held
      this.account.trend.unloadTook(is.unloadTime)
      this.#gone(component, reason === 'free-memory' ? 'ended' : 'evicted')
    })
  }

  #trim(names: readonly string[]): void {
    this.account.trimming++
    let slowest = 1
    for (const name of names) {
      const component = this.#named(name)
      if (!component) continue
      const time = component.isBlocked(this.now) ? ANSWER_TIME : 1 + this.#random.next() * 40
      slowest = Math.max(slowest, time)
      if (time < ANSWER_TIME) this.#queue.after(time, () => component.trim(this.now, false))
    }
    this.#queue.after(slowest, () => {
      this.account.trimming--
      this.account.changed()
      this.#turn()
    })
  }

  #collect(component: SimComponent | undefined, patience: number): void {
    if (!component?.hasWorker) return
    const { generation, account } = component
    const isOver = (): boolean => component.generation !== generation || !component.hasWorker
    account.collectionBegan()
    const time = component.collectionTime(this.now)
    const isLate = component.isBlocked(this.now) || time > patience
    this.#queue.after(isLate ? patience : time, () => {
      if (!isLate && !isOver()) {
        component.trim(this.now, true)
        account.collected()
        component.measure(this.now)
      }
      account.collectionOver()
      this.#turn()
    })
  }

  #named(name: string): SimComponent | undefined {
    return this.components.find(({ is }) => is.name === name)
  }
}
