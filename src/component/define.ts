import type { ComponentLocks } from '../locks/remote-locks.ts'
import type { ComponentLogger } from '../observability/logger.ts'

/** How full the memory budget is; see MemoryManager. */
export type PressureLevel = 'low' | 'medium' | 'high' | 'critical'

/** What a component is given when it is loaded. */
export interface ComponentContext {
  /** The name it is registered under. */
  readonly name: string
  /** 1 for the first load in this process, one more for each further load. */
  readonly generation: number
  /** A logger with pino's methods; its records are forwarded to the coordinator's logger, with component and generation. */
  readonly logger: ComponentLogger
  /** Durable remotes of the declared dependencies, by name; calls go worker to worker. */
  readonly dependencies: Readonly<Record<string, unknown>>
  /** Aborted when unloading starts. */
  readonly signal: AbortSignal
  /** The coordinator's locks; those the component holds are released when its worker ends. */
  readonly locks: ComponentLocks
  /**
   * What `snapshot()` of the last generation returned, when the component offers that hook and was unloaded, not crashed; undefined
   * otherwise. To be read while `init` (or the constructor) runs: afterwards it is undefined, and held by nobody but the component. A `snapshot()` without parameters of what `init` returned is the hook; of a wrapped service it is one where the definition has
   * `hibernate`. Where a load fails after this was asked for, the next attempt is made without it, and it is set aside once that one succeeds.
   */
  readonly restored: unknown
  /** Tells the ledger of native memory (bytes, absolute, not a delta) that the V8 heap cannot show: SQLite pages, addons. */
  reportMemory(bytes: number): void
  /** Called when memory runs short, before anything is unloaded: drop caches here. Returns a function that removes the listener. */
  onPressure(listener: (level: PressureLevel) => void | Promise<void>): () => void
  /**
   * Offers metrics that the component keeps itself, in the form of prom-client's `registry.getMetricsAsJSON()`. `spillway/metrics` asks for them
   * at each scrape and merges them in with the label `component`; that is no use of the component.
   */
  exposeMetrics(collect: () => readonly object[] | Promise<readonly object[]>): void
}

const brand: unique symbol = Symbol.for('spillway.component')

/** What `defineComponent` returns; the default export of a component's module. */
export interface ComponentModule<Api extends object, Config = unknown> {
  readonly [brand]: (config: Config, context: ComponentContext) => Api | Promise<Api>
}

/**
 * Marks a function as a component's initialiser.
 *
 * `init` runs in the component's own worker, once per load, with the `config` given at registration (a structured
 * clone of it) and its context. What it returns, or resolves to, is the component's API: its functions, nested plain objects of
 * functions and the methods of its class may be called from outside. `[Symbol.dispose]` or `[Symbol.asyncDispose]` on it runs
 * when the component is unloaded.
 *
 * @throws TypeError when `init` is not a function.
 */
export function defineComponent<Api extends object, Config = undefined>(
  init: (config: Config, context: ComponentContext) => Api | Promise<Api>,
): ComponentModule<Api, Config> {
  if (typeof init !== 'function') throw new TypeError(`defineComponent expects a function, got ${typeof init}`)
  return Object.freeze({ [brand]: init })
}

/** The initialiser inside what `defineComponent` returned; undefined for anything else. */
export function initialiserOf(
  value: unknown,
): ((config: unknown, context: ComponentContext) => object | Promise<object>) | undefined {
  return typeof value === 'object' && value !== null && brand in value
    ? (value as ComponentModule<object>)[brand]
    : undefined
}
