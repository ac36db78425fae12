import { decideAdmission } from '../../src/memory/decide/admission.ts'
import { defaultMemoryOptions } from '../../src/memory/options.ts'
import type { MemoryOptions } from '../../src/contract/memory-options.ts'
import type { UnloadCandidate, UnloadPolicy } from '../../src/contract/unload-policy.ts'
import { bytesToFree, initialPressure, nextPressureChange, stepPressure } from '../../src/memory/decide/pressure.ts'
import {
  addRapidReload,
  emptyChurn,
  isRapidReload,
  isThrashing,
  residencyAfterLoad,
  residencyAfterUnload,
} from '../../src/memory/decide/residency.ts'
import { planUnload } from '../../src/memory/decide/plan.ts'
import { EventQueue } from './event-queue.ts'
import { candidateOf, simulatedComponent, type SimulatedComponent } from './simulated-component.ts'
import type { Trace } from './trace.ts'

/** What an unload takes, ms: drain, dispose, terminate. */
const UNLOAD_TIME = 50
const LOAD_TIMEOUT = 30_000
/** Between two thresholds, as between those that are the default. */
const THRESHOLD_STEP = 0.1
/** ms between two rounds that found nothing to unload: more than in production, for the time that a day takes here. */
const ROUND_RETRY = 10_000

/** What is compared: a policy, and how the memory around it is run. */
export interface Contender {
  readonly name: string
  readonly policy: UnloadPolicy
  /** Unloads by pressure level, with its idle floors and caps; false: only when a load needs room. */
  readonly pressureRounds: boolean
  /** Share of the limit that loads may fill before something has to go; the other thresholds are 10 points off. */
  readonly highThreshold: number
  /** Minimum residency against thrash. */
  readonly residency: boolean
  /** Unload the component (its index), which is idle from now on, after this long, ms. */
  readonly timeToLive?: (component: number) => number
  /** For policies that keep a history of their own. `idle`: for how long it had not been in use, ms. */
  readonly onCall?: (component: number, idle: number) => void
  readonly onUnload?: (component: number) => void
}

export interface SimulationResult {
  readonly contender: string
  /** ms spent on loading again what had been loaded before; a load that is refused counts as one. */
  readonly reloadCost: number
  readonly loads: number
  readonly reloads: number
  /** The most bytes ever held, with reservations. */
  readonly peak: number
  /** Loads that had to wait for memory, beyond the unload of others, and how long in all, ms. */
  readonly waits: number
  readonly waited: number
  /** Loads that were refused for want of memory: their calls were lost. */
  readonly refused: number
  /** Calls that found their component loaded. */
  readonly hits: number
  readonly calls: number
  readonly thrashed: boolean
}

/**
 * Replays the trace through the policy, the pressure machine and the admission rule, with a simulated clock and no
 * workers.
 *
 * @param held for each call of the trace, is raised to the bytes that were held at it beyond what was on its way out,
 *   with what waited to be let in: what an offline schedule needs as well to do the same for the same cost.
 */
export function simulate(trace: Trace, limit: number, contender: Contender, held?: Float64Array): SimulationResult {
  return new Simulation(trace, limit, contender).run(held)
}

class Simulation {
  private readonly queue = new EventQueue()
  private readonly components: SimulatedComponent[]
  private readonly loaded = new Set<SimulatedComponent>()
  private readonly asking = new Set<SimulatedComponent>()
  private readonly options: MemoryOptions
  private readonly trace: Trace
  private readonly limit: number
  private readonly contender: Contender
  private pressure = initialPressure()
  private pressureTimer = Number.POSITIVE_INFINITY
  private retryTimer = Number.POSITIVE_INFINITY
  private churn = emptyChurn
  private usage = 0
  private reservations = 0
  private leaving = 0
  /** Bytes of what waits to be let in. */
  private wanted = 0
  private result = { reloadCost: 0, loads: 0, reloads: 0, peak: 0, waits: 0, waited: 0, refused: 0, hits: 0 }
  private thrashed = false

  constructor(trace: Trace, limit: number, contender: Contender) {
    this.trace = trace
    this.limit = limit
    this.contender = contender
    const { highThreshold } = contender
    this.options = {
      ...defaultMemoryOptions,
      mediumThreshold: highThreshold - THRESHOLD_STEP,
      highThreshold,
      criticalThreshold: Math.min(1, highThreshold + THRESHOLD_STEP),
    }
    this.components = trace.components.map(simulatedComponent)
  }

  run(held?: Float64Array): SimulationResult {
    const { queue } = this
    const { calls } = this.trace
    for (const [at, { time, component }] of calls.entries()) {
      while ((queue.next ?? Number.POSITIVE_INFINITY) <= time) queue.step()
      queue.now = time
      const called = this.components[component]
      if (called === undefined) continue
      this.call(called)
      if (held !== undefined) held[at] = Math.max(held[at] ?? 0, this.heldAtCallOf(called))
    }
    const end = (calls.at(-1)?.time ?? 0) + LOAD_TIMEOUT
    while ((queue.next ?? Number.POSITIVE_INFINITY) <= end) queue.step()
    return { contender: this.contender.name, ...this.result, calls: calls.length, thrashed: this.thrashed }
  }

  /** What is refused would have been needed as well. */
  private heldAtCallOf({ state, bytes }: SimulatedComponent): number {
    return this.usage - this.leaving + this.wanted + (state.kind === 'unloaded' ? bytes : 0)
  }

  private call(component: SimulatedComponent): void {
    const { now } = this.queue
    const { state } = component
    const idle = now - component.lastUsed
    const isIdle = state.kind === 'unloaded' || ('calls' in state && state.calls === 0 && state.kind !== 'loading')
    this.contender.onCall?.(component.index, isIdle ? idle : 0)
    if (isIdle) component.gaps.record(idle)
    switch (state.kind) {
      case 'loaded':
        this.result.hits++
        this.serve(component, 1)
        break
      case 'unloaded':
        component.state = { kind: 'asking', since: now, calls: 1, held: false }
        this.wanted += component.bytes
        this.asking.add(component)
        this.admit()
        break
      case 'unloading':
        if (state.calls === 0) this.wanted += component.bytes
        state.calls++
        break
      case 'asking':
      case 'loading':
        state.calls++
        break
    }
  }

  private serve(component: SimulatedComponent, calls: number): void {
    const { state } = component
    if (state.kind !== 'loaded') return
    state.calls += calls
    this.queue.after(component.callTime, () => {
      state.calls -= calls
      if (state.calls > 0) return
      const { now } = this.queue
      state.idleSince = now
      component.lastUsed = now
      this.becameIdle(component)
    })
  }

  private becameIdle(component: SimulatedComponent): void {
    const { timeToLive } = this.contender
    if (timeToLive !== undefined) {
      const { now } = this.queue
      this.queue.after(timeToLive(component.index), () => {
        const { state } = component
        if (state.kind === 'loaded' && state.calls === 0 && state.idleSince === now) this.unload(component)
      })
    }
    this.admit()
  }

  /** Asks for the loads that want in, first come, first served; one that waits does not hold up the others. */
  private admit(): void {
    for (const component of this.asking) {
      const { state } = component
      if (state.kind !== 'asking') continue
      const waited = this.queue.now - state.since
      const load = {
        kind: 'load' as const,
        id: component.index,
        name: component.name,
        need: component.bytes,
        mayNeed: component.bytes,
        loadTime: component.initCost,
        since: state.since,
        timeout: LOAD_TIMEOUT,
      }
      const decision = decideAdmission(load, this.queue.now, {
        usage: this.usage,
        workGrowth: 0,
        possible: 0,
        leaving: this.leaving,
        limit: this.limit,
        highThreshold: this.options.highThreshold,
        criticalThreshold: this.options.criticalThreshold,
        candidates: this.candidates(),
        policy: this.contender.policy,
      })
      switch (decision.kind) {
        case 'admit':
          this.asking.delete(component)
          if (state.held) this.result.waited += waited
          this.load(component, state.calls)
          break
        case 'unload':
          for (const { name } of decision.plan.victims) this.unloadByName(name)
          return
        case 'wait':
          if (this.leaving > 0) return
          if (!state.held) {
            state.held = true
            this.result.waits++
          }
          this.retryAt(this.queue.now + decision.ms)
          break
        case 'refuse':
          this.asking.delete(component)
          this.result.refused++
          this.result.reloadCost += component.initCost
          this.wanted -= component.bytes
          component.state = { kind: 'unloaded' }
          component.lastUsed = this.queue.now
          break
      }
    }
  }

  /** One timer for all that wait: the earliest. */
  private retryAt(time: number): void {
    if (time >= this.retryTimer) return
    this.retryTimer = time
    this.queue.at(time, () => {
      if (this.retryTimer !== time) return
      this.retryTimer = Number.POSITIVE_INFINITY
      this.admit()
    })
  }

  private load(component: SimulatedComponent, calls: number): void {
    const { now } = this.queue
    component.state = { kind: 'loading', calls }
    if (isRapidReload(component.residency, now)) {
      this.churn = addRapidReload(this.churn, now, component.bytes, component.name)
      this.thrashed ||= isThrashing(this.churn, now)
    }
    component.residency = residencyAfterLoad(component.residency, now)
    this.result.loads++
    if (component.loads++ > 0) {
      this.result.reloads++
      this.result.reloadCost += component.initCost
    }
    this.wanted -= component.bytes
    this.usage += component.bytes
    this.reservations += component.bytes
    this.result.peak = Math.max(this.result.peak, this.usage)
    this.measure()
    this.queue.after(component.initCost, () => {
      this.reservations -= component.bytes
      const waiting = component.state.kind === 'loading' ? component.state.calls : 0
      component.state = { kind: 'loaded', since: this.queue.now, calls: 0, idleSince: this.queue.now }
      this.loaded.add(component)
      this.serve(component, waiting)
    })
  }

  private unloadByName(name: string): void {
    for (const component of this.loaded) if (component.name === name) return this.unload(component)
    throw new Error(`The plan names "${name}", which is not loaded`)
  }

  private unload(component: SimulatedComponent): void {
    if (component.state.kind !== 'loaded' || component.state.calls > 0) {
      throw new Error(`"${component.name}" was to be unloaded while in use`)
    }
    const { now } = this.queue
    component.state = { kind: 'unloading', calls: 0 }
    component.residency = residencyAfterUnload(component.residency, now)
    this.contender.onUnload?.(component.index)
    this.loaded.delete(component)
    this.leaving += component.bytes
    this.queue.after(UNLOAD_TIME, () => {
      this.leaving -= component.bytes
      this.usage -= component.bytes
      const calls = component.state.kind === 'unloading' ? component.state.calls : 0
      if (calls > 0) {
        component.state = { kind: 'asking', since: this.queue.now, calls, held: false }
        this.asking.add(component)
      } else {
        component.state = { kind: 'unloaded' }
      }
      this.admit()
      if (this.leaving === 0) this.measure()
    })
  }

  /** One sample: the pressure level, and a round of unloads where it asks for one. One round at a time. */
  private measure(): void {
    if (!this.contender.pressureRounds) return
    const { now } = this.queue
    const input = { time: now, usage: this.usage, limit: this.limit, unloadTime: UNLOAD_TIME }
    this.pressure = stepPressure(this.pressure, input, this.options)
    const { level } = this.pressure
    const need = bytesToFree(level, input, this.options)
    if (need > 0 && this.leaving === 0) {
      const plan = planUnload(this.contender.policy, this.candidates(), level, need)
      for (const { name } of plan.victims) this.unloadByName(name)
    }
    // While something should go, idle floors and residencies end unannounced.
    const retry = need > 0 ? ROUND_RETRY : this.options.checkInterval
    const next = Math.min(nextPressureChange(this.pressure) ?? Number.POSITIVE_INFINITY, now + retry)
    if (this.pressureTimer <= now || next < this.pressureTimer) {
      this.pressureTimer = next
      this.queue.at(next, () => {
        if (this.pressureTimer === next) this.measure()
      })
    }
  }

  private candidates(): UnloadCandidate[] {
    const settings = { minIdleTime: this.options.minIdleTime, residency: this.contender.residency }
    return Array.from(this.loaded, (component) => candidateOf(component, this.queue.now, settings))
  }
}
