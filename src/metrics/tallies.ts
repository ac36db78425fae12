import type { CallRecord } from '../channel/call-watch.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import type { UnloadReason, UnloadReport } from '../contract/unload-report.ts'
import type { LoadEvent, CoordinatorEvents } from '../contract/events.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { RAPID_RELOAD } from '../memory/tuning.ts'
import { BucketHistogram, callBounds, loadBounds, unloadBounds } from './bucket-histogram.ts'
import { errorCode } from './error-code.ts'
import { monotonicNow } from '../base/monotonic.ts'

/** Components that are gone keep their counters, up to so many. */
const rememberedNames = 1_000
/** Loads of one component that may be told in another order than they were begun in. Guessed: more than there are copies at a time. */
const rememberedLoads = 100
const automatic: ReadonlySet<UnloadReason> = new Set(['pressure', 'admission', 'family'])
export const phases = ['drain', 'dispose', 'terminate'] as const

/** Counts by one label. */
export class Counts extends Map<string, number> {
  add(label: string, by = 1): void {
    this.set(label, (this.get(label) ?? 0) + by)
  }
}

/** What happened to one component since counting began. It outlives the component: counters never fall. */
export class ComponentTally {
  readonly callErrors = new Counts()
  readonly loadErrors = new Counts()
  readonly unloads = new Counts()
  readonly crashes = new Counts()
  readonly callDuration = new BucketHistogram(callBounds)
  readonly loadDuration = new BucketHistogram(loadBounds)
  readonly unloadDuration = new Map(phases.map((phase) => [phase, new BucketHistogram(unloadBounds)]))
  loads = 0
  regrets = 0
  released = 0
  retained = 0
  /** Of the last load. */
  generation = 0
  /** When it was last unloaded automatically and not loaded since: ms, monotonic. */
  unloadedAt: number | undefined
  /** Of the last loads, also those that failed. Copies are loaded side by side, so the order is not always theirs. */
  #begun: number[] = []
  #calls = { last: 0, offset: 0 }

  get calls(): number {
    return this.#calls.offset + this.#calls.last
  }

  /** A load is over. Generations are counted from 1 again when the component is registered anew, and so are calls. */
  sawGeneration(generation: number): void {
    const isAnew = this.#begun.includes(generation) || generation < Math.max(...this.#begun) - rememberedLoads
    if (isAnew) this.#calls = { last: 0, offset: this.calls }
    this.#begun = [...(isAnew ? [] : this.#begun.slice(1 - rememberedLoads)), generation]
  }

  /** @param calls as the component counts them: from 0 again when it is registered anew. */
  sawCalls(calls: number): void {
    const { last, offset } = this.#calls
    this.#calls = { last: calls, offset: calls < last ? offset + last : offset }
  }
}

/** Counts what the coordinator tells of, from its making until it is disposed of. */
export class Tallies implements Disposable {
  readonly pressureChanges = new Counts()
  exhausted = 0
  zombies = 0
  readonly #components = new Map<string, ComponentTally>()
  readonly #now: () => number
  readonly #stop: () => void

  /** @param now ms of a monotonic clock. */
  constructor(coordinator: ComponentCoordinator, now: () => number = monotonicNow) {
    this.#now = now
    const listeners: { [E in keyof CoordinatorEvents]?: (payload: CoordinatorEvents[E][0]) => void } = {
      load: (event) => this.#loaded(this.of(event.name), event),
      loadError: ({ name, generation, error }) => {
        this.of(name).sawGeneration(generation)
        this.of(name).loadErrors.add(errorCode(error))
      },
      unload: (report) => this.#unloaded(this.of(report.name), report),
      crash: ({ name, reason }) => this.of(name).crashes.add(reason),
      pressure: ({ level }) => this.pressureChanges.add(level),
      exhausted: () => void this.exhausted++,
      zombie: () => void this.zombies++,
    }
    const calls = coordinator.watchCalls((call) => this.#called(call))
    const entries = Object.entries(listeners) as [keyof CoordinatorEvents, () => void][]
    for (const [event, listener] of entries) coordinator.on(event, listener)
    this.#stop = () => {
      calls[Symbol.dispose]()
      for (const [event, listener] of entries) coordinator.off(event, listener)
    }
  }

  get components(): Iterable<[string, ComponentTally]> {
    return this.#components
  }

  of(name: string): ComponentTally {
    let tally = this.#components.get(name)
    if (!tally) {
      tally = new ComponentTally()
      this.#components.set(name, tally)
    }
    return tally
  }

  /** Takes over what registered components count themselves, and forgets some that are gone once there are too many names. */
  saw(components: readonly ComponentInfo[]): void {
    for (const { name, calls } of components) this.of(name).sawCalls(calls)
    this.#prune(new Set(components.map(({ name }) => name)))
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #prune(registered: ReadonlySet<string>): void {
    let excess = this.#components.size - Math.max(rememberedNames, registered.size)
    for (const name of this.#components.keys()) {
      if (excess <= 0) return
      if (registered.has(name)) continue
      this.#components.delete(name)
      excess--
    }
  }

  #called({ component, duration, failed, error }: CallRecord): void {
    const tally = this.of(component)
    tally.callDuration.observe(duration / 1_000)
    if (failed) tally.callErrors.add(errorCode(error))
  }

  #loaded(tally: ComponentTally, { duration, generation }: LoadEvent): void {
    tally.sawGeneration(generation)
    tally.loads++
    tally.generation = generation
    tally.loadDuration.observe(duration / 1_000)
    if (tally.unloadedAt !== undefined && this.#now() - tally.unloadedAt <= RAPID_RELOAD) tally.regrets++
    tally.unloadedAt = undefined
  }

  #unloaded(tally: ComponentTally, { reason, generation, released, retained, times }: UnloadReport): void {
    tally.unloads.add(reason)
    tally.released += released
    tally.retained += retained
    for (const phase of phases) tally.unloadDuration.get(phase)?.observe(times[phase] / 1_000)
    if (!automatic.has(reason)) return
    // An unload is reported once its memory is given back: by then it may have been loaded again.
    if (tally.generation > generation) tally.regrets++
    else tally.unloadedAt = this.#now()
  }
}
