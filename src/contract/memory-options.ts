import type { Size } from './size.ts'
import type { PolicyOption } from './unload-policy.ts'

/** Shares of the limit, ascending in (0, 1]. */
export interface PressureThresholds {
  readonly lowThreshold: number
  readonly mediumThreshold: number
  readonly highThreshold: number
  readonly criticalThreshold: number
}

export interface MemoryOptions extends PressureThresholds {
  /** The budget of the whole process in bytes; a real cgroup limit can make it smaller. Default 1 GiB. */
  readonly totalLimit: number
  /** From this share of the limit on, components are asked to trim and spare workers go. Default 0.6. */
  readonly lowThreshold: number
  /** Share of the limit. Default 0.75. */
  readonly mediumThreshold: number
  /** Share of the limit; also what a load may fill it to before idle components have to go. Default 0.85. */
  readonly highThreshold: number
  /** Share of the limit. Default 0.95. */
  readonly criticalThreshold: number
  /** False: measure and report, unload nothing. Default true. */
  readonly autoUnloadEnabled: boolean
  /**
   * How long (ms) a component must have been idle to go at medium pressure; a fifth of it at high, none at critical.
   * Default 300,000.
   */
  readonly minIdleTime: number
  /** The longest gap (ms) between two samples. Default 60,000. */
  readonly checkInterval: number
  /** Who goes first: a policy by name, or a function of your own. Default 'cost-aware'. */
  readonly policy: PolicyOption
}

/** Memory options as they are given: what is left out keeps its default, or what it was; sizes may be strings. */
export interface GivenMemoryOptions extends Partial<Omit<MemoryOptions, 'totalLimit'>> {
  /** The budget of the whole process; see `MemoryOptions`. */
  readonly totalLimit?: Size
}
