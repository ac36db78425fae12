import type { ComponentLocks } from './locks.ts'
import type { ComponentLogger } from './logger.ts'
import type { PressureLevel } from './pressure-level.ts'
import type { Remote } from './remote.ts'
import type { Size } from './size.ts'

/** What is said of memory that is reported. */
export interface MemoryReportOptions {
  /** Whose it is: reports of different sources add up, each replaces the last of its own. Default: '', one of its own. */
  readonly source?: string
  /** Whether it counts towards the component's own `memoryLimit`. Default: false, as it may be an estimate. */
  readonly limited?: boolean
}

/** What a component's dependencies are, by name: each as the type parameter of `registerComponent`, `typeof prices` say. */
export type DependencyTypes = object

/** Remotes of them. Where it is not said what they are: unknown. */
export type DependencyRemotes<Types extends DependencyTypes> = [keyof Types] extends [never]
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in keyof Types]: Remote<Types[Name]> }

/** What a component is given when it is loaded. */
export interface ComponentContext<Dependencies extends DependencyTypes = object> {
  /** The name it is registered under. */
  readonly name: string
  /** 1 for the first load in this process, one more for each further load. */
  readonly generation: number
  /** A logger with pino's methods; its records are forwarded to the coordinator's logger, with component and generation. */
  readonly logger: ComponentLogger
  /** Durable remotes of the declared dependencies, by name; calls go worker to worker. */
  readonly dependencies: DependencyRemotes<Dependencies>
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
  /**
   * Tells the ledger of native memory (bytes, absolute, not a delta) that the V8 heap cannot show: SQLite pages, addons. It is not counted a second time as
   * memory that nobody reported.
   */
  reportMemory(bytes: Size, options?: MemoryReportOptions): void
  /** Called when memory runs short, before anything is unloaded: drop caches here. Returns a function that removes the listener. */
  onPressure(listener: (level: PressureLevel) => void | Promise<void>): () => void
  /**
   * Offers metrics that the component keeps itself, in the form of prom-client's `registry.getMetricsAsJSON()`. `spillway/metrics` asks for them
   * at each scrape, and once before an unload, and merges them in with the label `component`; that is no use of the component.
   */
  exposeMetrics(collect: () => readonly object[] | Promise<readonly object[]>): void
}
