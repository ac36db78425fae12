import { isComponentNotLoadedError, withCallOptions } from '../index.ts'
import type { ComponentCoordinator, ComponentModule, LifecycleStatus, Remote, UnloadReport } from '../index.ts'
import type { MarketData } from './connectors/market-data.ts'
import { LazyFamily } from './lazy-service.ts'
import type { FamilyHost } from './lazy-service.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'
import { ModuleFamily } from './user-modules/module-family.ts'
import type { ModuleRecipe } from './user-modules/module-recipe.ts'

/**
 * What a strategy's module offers. Where it also has `snapshot()`, what that returns is its `context.restored` when it is loaded again.
 */
export interface Strategy<Data = MarketData, Signal = unknown> {
  /** What it makes of an update: undefined, or null, is nothing. */
  onMarketData(data: Data): Signal | undefined | null | Promise<Signal | undefined | null>
}

export type StrategyModule<Data, Signal> = ComponentModule<Strategy<Data, Signal>>

/** What a strategy asks of a coordinator; a ComponentCoordinator is one. */
export type StrategyCoordinator = FamilyHost & Pick<ComponentCoordinator, 'getComponent'>

/**
 * Defaults: name 'strategy', memoryEstimate 25 MiB each, timeout (to load) 15,000 ms, callTimeout (for an update) 5,000 ms, maxQueue 1,000 updates
 * that may wait for a strategy, which misses further ones, priority 40.
 */
export type LazyStrategyManagerOptions = ServiceSettings & {
  /** The strategies by key; more can be defined later. */
  readonly strategies?: Readonly<Record<string, ModuleRecipe>> | undefined
}

/** What became of an update. */
export interface FanOut<Signal> {
  /** What the strategies made of it, but for those that made nothing. */
  readonly signals: readonly { readonly key: string; readonly signal: Signal }[]
  /** Strategies that have dealt with it. */
  readonly delivered: readonly string[]
  /** Started, but not loaded just now: memory was short, or they crashed. `start` loads them again. */
  readonly skipped: readonly string[]
  /** They were given it, and failed; an OverloadedError: they are too far behind to be given it. */
  readonly failed: readonly { readonly key: string; readonly error: unknown }[]
}

/** `started`: it is given updates while it is loaded. Counts are of updates since it was first started. */
export interface StrategyInfo {
  readonly key: string
  readonly component: string
  readonly started: boolean
  readonly state: LifecycleStatus
  readonly delivered: number
  readonly skipped: number
  readonly failed: number
}

interface Entry<Data, Signal> {
  started: boolean
  readonly counts: { delivered: number; skipped: number; failed: number }
  readonly ifLoaded: Remote<StrategyModule<Data, Signal>>
}

/**
 * Strategies in workers of their own, one for each key. A strategy that is unloaded, for want of memory or by `stop`, goes on where it was when it
 * is loaded again, if it offers a `snapshot()`.
 */
export class LazyStrategyManager<Data = MarketData, Signal = unknown> extends LazyFamily {
  readonly #coordinator: StrategyCoordinator
  readonly #family: ModuleFamily<StrategyModule<Data, Signal>>
  readonly #entries = new Map<string, Entry<Data, Signal>>()

  /** @throws InvalidOptionsError for a bad option; DuplicateComponentError when the name is taken. */
  constructor(coordinator: StrategyCoordinator, options: LazyStrategyManagerOptions = {}) {
    const { name = 'strategy', settings } = sortOptions(options, ['strategies'])
    const limits = { callTimeout: 5_000, maxQueue: 1_000 }
    const defaults = { ...limits, memoryEstimate: 25 * 1024 ** 2, priority: 40, timeout: 15_000, hibernate: {} }
    const family = new ModuleFamily<StrategyModule<Data, Signal>>(
      coordinator,
      { ...defaults, ...settings, name, type: 'strategy' },
      'strategies',
      options.strategies ?? {},
    )
    super(coordinator, family)
    this.#coordinator = coordinator
    this.#family = family
  }

  /**
   * Makes a strategy known. Nothing is loaded.
   *
   * @throws DuplicateComponentError when the key is taken; InvalidOptionsError.
   */
  define(key: string, strategy: ModuleRecipe): void {
    this.#family.define(key, strategy)
  }

  /**
   * Loads a strategy; from then on it is given updates. Started already, it is loaded again if it is not.
   *
   * @throws ComponentNotFoundError for a key that was not defined; ComponentLoadError, ComponentLoadTimeoutError, InsufficientMemoryError when it
   * cannot be loaded: then it is stopped.
   */
  async start(key: string): Promise<void> {
    const entry = this.#entry(key)
    entry.started = true
    try {
      await this.#coordinator.getComponent(this.#family.componentName(key))
    } catch (error) {
      entry.started = false
      throw error
    }
  }

  /**
   * Gives a strategy no more updates, and unloads it; its state is kept for the next start.
   *
   * @returns undefined when it was never started.
   * @throws ComponentNotFoundError for a key that was not defined; SnapshotError when its state cannot be kept: then it is stopped, and stays loaded.
   */
  async stop(key: string): Promise<UnloadReport | undefined> {
    const entry = this.#entries.get(key)
    if (!entry) {
      this.#family.remote(key)
      return undefined
    }
    entry.started = false
    return this.#coordinator.unloadComponent(this.#family.componentName(key))
  }

  /** Stops all. @throws AggregateError of what went wrong, once all the others are stopped. */
  async stopAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#entries.keys()].map(async (key) => this.stop(key)))
    const errors = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown)
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} strategies could not be stopped`)
  }

  /** Stops a strategy for good: it is forgotten with its state. */
  async remove(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry) entry.started = false
    this.#entries.delete(key)
    await this.#family.remove(key)
  }

  /**
   * Gives an update to every strategy that is started and loaded, side by side. Loads nothing, and waits for none that is being loaded or unloaded.
   * Never rejects; whoever awaits it keeps pace with the slowest strategy.
   */
  async onMarketData(data: Data): Promise<FanOut<Signal>> {
    const signals: { key: string; signal: Signal }[] = []
    const delivered: string[] = []
    const skipped: string[] = []
    const failed: { key: string; error: unknown }[] = []
    const deliver = async (key: string, { counts, ifLoaded }: Entry<Data, Signal>): Promise<void> => {
      try {
        // Typed through the remote's own signature, which a generic argument does not resolve.
        const onMarketData = ifLoaded.onMarketData as (data: Data) => Promise<Signal | undefined | null>
        const signal = await onMarketData(data)
        counts.delivered++
        delivered.push(key)
        if (signal !== undefined && signal !== null) signals.push({ key, signal })
      } catch (error) {
        if (isComponentNotLoadedError(error)) {
          counts.skipped++
          skipped.push(key)
        } else {
          counts.failed++
          failed.push({ key, error })
        }
      }
    }
    const started = [...this.#entries].filter(([, entry]) => entry.started)
    await Promise.all(started.map(async ([key, entry]) => deliver(key, entry)))
    return { signals, delivered, skipped, failed }
  }

  /**
   * The remote of a strategy, for methods of its own. Calling one loads it.
   *
   * @throws ComponentNotFoundError for a key that was not defined.
   */
  strategy<T = StrategyModule<Data, Signal>>(key: string): Remote<T> {
    return this.#family.remote<T>(key)
  }

  /** All strategies that are defined. Loads nothing. */
  list(): StrategyInfo[] {
    return this.#family.keys().map((key) => {
      const component = this.#family.componentName(key)
      const { started = false, counts = { delivered: 0, skipped: 0, failed: 0 } } = this.#entries.get(key) ?? {}
      const state = this.#family.has(key) ? this.#coordinator.info(component).state : 'unloaded'
      return { key, component, started, state, ...counts }
    })
  }

  #entry(key: string): Entry<Data, Signal> {
    const known = this.#entries.get(key)
    if (known) return known
    const ifLoaded = withCallOptions(this.#family.remote(key), { ifLoaded: true })
    const entry = { started: false, counts: { delivered: 0, skipped: 0, failed: 0 }, ifLoaded }
    this.#entries.set(key, entry)
    return entry
  }
}
