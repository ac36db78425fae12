import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { GivenMemoryOptions } from './memory-options.ts'

export interface CoordinatorOptions {
  /** See MemoryManager. */
  readonly memory?: GivenMemoryOptions
  /** Defaults of all components, ms: `load` 30,000, `call` none, `dispose` 5,000. */
  readonly timeout?: { readonly load?: number; readonly call?: number; readonly dispose?: number }
  /** The same as `memory.autoUnloadEnabled`; that one wins. Default true. */
  readonly autoUnloadEnabled?: boolean
  /** A pino logger, or anything with its methods. Default: pino at level info (or SPILLWAY_LOG_LEVEL) on standard error. */
  readonly logger?: Logger
  /**
   * What idle times, back-offs, residency, `recycle.age`, `checkInterval` and deadlines of the main thread's calls go by: for tests (`manualClock` of spillway/testing). What the
   * runtime waits for itself (loads, answers and ends of workers) stays on real time. Default: the system's monotonic clock.
   */
  readonly clock?: Clock
  /** Workers kept ready once something has loaded. Default 1. */
  readonly spareWorkers?: number
  /** ms. Default 25,000. */
  readonly shutdownTimeout?: number
  /**
   * Whether this user's command line may look at it and act on it (`npx spillway ps`), by a Unix socket that nobody else can open. Never in a worker.
   * Default: true where SPILLWAY_CONTROL is 1, else false.
   */
  readonly control?: boolean
}
