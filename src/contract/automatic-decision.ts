import type { PressureLevel } from './pressure-level.ts'
import type { Kept } from './unload-policy.ts'

/**
 * The rules by which something goes that nobody asked for by name: the reasons of unloads, and of the one kind of crash that is decided. 'free-memory' is
 * asked for, but not by name.
 */
export type DecisionRule = 'pressure' | 'admission' | 'free-memory' | 'family' | 'idle' | 'recycled' | 'memory-limit'

/**
 * Why it was this one. 'only': nothing else may go. 'priority': it is the least important of those that may. Among equals: 'price': by the policy 'cost-aware', it saves least by
 * staying; 'idle': it has been idle for the longest; 'policy': a policy of the program's own says so. 'share': it holds more than its share of what its family may have. 'taken': it took most since the limit was passed.
 * 'due': the option is its own, and nothing was to be chosen.
 */
export type Choice = 'only' | 'priority' | 'price' | 'idle' | 'policy' | 'share' | 'taken' | 'due'

/** An option that a decision went by: what it allows, and what was measured. Bytes, ms, or numbers of calls or components. */
export interface DecidingOption {
  readonly name:
    | 'idleTimeout'
    | 'recycle.calls'
    | 'recycle.age'
    | 'recycle.memory'
    | 'memoryLimit'
    | 'totalLimit'
    | 'maxMemory'
    | 'maxLoaded'
  readonly measured: number
  readonly allowed: number
}

/** One automatic decision that a component goes: what was measured, by which rule, who goes and who stays. Bytes. */
export interface AutomaticDecision {
  readonly rule: DecisionRule
  readonly level: PressureLevel
  readonly usage: number
  readonly limit: number
  /** Bytes a second by which usage was predicted to grow while an unload takes; 0: it was not. Of the rule 'memory-limit', by which the component grows. */
  readonly growth: number
  /** Bytes that had to go; 0: it was not about those. */
  readonly need: number
  /** The component whose load it made room for. */
  readonly load: string | null
  /** An option that it went by, beside those of memory. */
  readonly option: DecidingOption | null
  /** Of a family that has such an option. */
  readonly family: string | null
  /** In the order in which they were to go, by what was known then: the first is the one that went. */
  readonly victims: readonly { readonly name: string; readonly bytes: number }[]
  readonly choice: Choice
  readonly kept: readonly Kept[]
}
