import type { PressureLevel } from './pressure-level.ts'

/** What is known of the times between a component's calls. */
export interface CallGaps {
  /**
   * What keeping the component loaded is worth after `idle` ms without a call: the highest chance of a call for the time (ms) that it is kept for that;
   * 0 while no gap is known. Multiplied by the cost of a reload and divided by bytes it is the price of memory at which keeping it still pays.
   */
  keepValue(idle: number): number
}

/** What a policy knows of a component. Times in ms. */
export interface UnloadCandidate {
  readonly name: string
  /** Ready, with a worker that can be unloaded now. */
  readonly loaded: boolean
  /** Calls in flight, open streams, leases or live subscriptions; or it is stuck. */
  readonly inUse: boolean
  /** Its event loop does not turn, or it did not answer when it was to be unloaded: what it is at, nobody knows. Default false. */
  readonly stuck?: boolean
  readonly pinned: boolean
  /** 0..100, lower is more important. */
  readonly priority: number
  /** Measured bytes that an unload would free. */
  readonly bytes: number
  /** Since it was last in use, or loaded. */
  readonly idleTime: number
  /** The idle floor at medium pressure: its own, or the manager's. */
  readonly minIdleTime: number
  /** Since it became ready. */
  readonly residentTime: number
  /** See residency.ts; 0 when it has not been reloaded too soon. */
  readonly minResidency: number
  /** Names of loaded components that depend on it. */
  readonly dependents: readonly string[]
  /** What loading it again takes, as measured. */
  readonly reloadCost: number
  /** The gaps between its calls; none while it has never been called. */
  readonly gaps?: CallGaps | undefined
}

/**
 * Why an unload is planned: a level of pressure, or memory asked for by a load or by `freeMemory` ('demand': no idle
 * floor, no cap).
 */
export type UnloadTrigger = PressureLevel | 'demand'

/**
 * Why a component stays. 'stuck': its event loop does not turn. 'protected': its priority is 10 or less and pressure is not critical. 'residency': it was
 * reloaded too soon after an unload before. 'price': loading it again would cost more than its room is worth while
 * pressure is not critical. 'enough': those before it free what is needed. 'cap': the round takes no
 * more at this level. 'fair-share': within its family, it keeps to its share of what the family may have, and the one that it would go for does not.
 * 'not-chosen': a policy of the user's own left it out.
 */
export type KeptReason =
  | 'not-loaded'
  | 'in-use'
  | 'stuck'
  | 'pinned'
  | 'protected'
  | 'has-dependents'
  | 'min-idle'
  | 'residency'
  | 'price'
  | 'low-pressure'
  | 'cap'
  | 'enough'
  | 'fair-share'
  | 'not-chosen'

export interface Kept {
  readonly name: string
  readonly reason: KeptReason
}

/** What a policy answers: names, the first goes first. */
export interface PolicyChoice {
  readonly victims: readonly string[]
  /** Why the others stay. What is missing here counts as 'not-chosen'. */
  readonly kept?: readonly Kept[]
}

/**
 * Chooses what to unload. Pure: the same arguments give the same answer. `need` is in bytes.
 *
 * Whatever it answers, nothing in use, pinned or with loaded dependents is unloaded.
 */
export type UnloadPolicy = (
  candidates: readonly UnloadCandidate[],
  trigger: UnloadTrigger,
  need: number,
) => PolicyChoice

export type PolicyName = 'priority-idle' | 'cost-aware'
/** A policy by name, or a function of the user's own. */
export type PolicyOption = PolicyName | UnloadPolicy

/** What a round would do, and why. */
export interface UnloadPlan {
  readonly trigger: UnloadTrigger
  /** Bytes to free. */
  readonly need: number
  /** Bytes that the victims hold: what the round would free. */
  readonly freed: number
  /** In the order in which they go. */
  readonly victims: readonly { readonly name: string; readonly bytes: number }[]
  /** Every other candidate. */
  readonly kept: readonly Kept[]
  /** What was wrong with the answer of a policy of the user's own, and what was done about it. */
  readonly notes: readonly string[]
}
