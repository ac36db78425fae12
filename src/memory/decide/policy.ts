import type { Kept } from '../../contract/kept.ts'
import type { PressureLevel } from '../../contract/pressure-level.ts'
import type { CallGaps } from './call-gaps.ts'

/** What a policy knows of a component. Times in ms. */
export interface UnloadCandidate {
  readonly name: string
  /** Ready, with a worker that can be unloaded now. */
  readonly loaded: boolean
  /** Calls in flight, open streams, leases or live subscriptions. */
  readonly inUse: boolean
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
