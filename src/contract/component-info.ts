import type { LoadCause } from './load-cause.ts'
import type { ComponentMemory } from './ledger.ts'

/** Where a component is in its life: see `Lifecycle`. */
export type LifecycleStatus = 'unloaded' | 'loading' | 'ready' | 'draining' | 'unloading' | 'failed' | 'zombie'

/** One copy of a component; what is not said here is as in ComponentInfo. Bytes and ms. */
export interface InstanceInfo {
  /** The component's, or that and a number: 'render#2'. It may change when another copy takes its place. */
  readonly name: string
  readonly state: LifecycleStatus
  readonly generation: number
  readonly isolation: ComponentInfo['isolation']
  readonly pid: ComponentInfo['pid']
  /** Calls under way, open streams, live subscriptions and leases. */
  readonly inUse: number
  readonly idleTime: number
  readonly loads: number
  readonly unloads: number
  readonly crashes: number
  readonly calls: number
  readonly errors: number
  readonly stuckFor: number
  readonly since: number
  readonly memory: ComponentMemory | null
}

/** A component as seen from outside; of several copies: sums, where there is no other word. Asking never loads it. Bytes and ms. */
export interface ComponentInfo {
  readonly name: string
  /** The family that it is an instance of; null: of none. */
  readonly family: string | null
  readonly type: string
  readonly state: LifecycleStatus
  /** 0 before the first load. */
  readonly generation: number
  /** What it is isolated by, or will be with its next load. */
  readonly isolation: 'thread' | 'process'
  /** Of the process that it runs in, which for a thread is this one; null while it is not loaded. */
  readonly pid: number | null
  readonly priority: number
  readonly pinned: boolean
  readonly dependencies: readonly string[]
  readonly dependents: readonly string[]
  /** Calls under way and waiting, open streams, live subscriptions and leases. */
  readonly inUse: number
  readonly idleTime: number
  /** Epoch ms of the last call; null before the first. */
  readonly lastAccess: number | null
  readonly loads: number
  readonly unloads: number
  readonly crashes: number
  /** Loads within 60 s of an unload for want of memory (reasons 'pressure', 'admission', 'family'), which each of them shows to have been a mistake. */
  readonly regrets: number
  readonly calls: number
  readonly errors: number
  /** Why its last load was begun, of several copies that of the last one; null before the first. */
  readonly loadedFor: LoadCause | null
  /** ms the last load took; null before the first. */
  readonly lastLoadTime: number | null
  /** Of one copy. */
  readonly memoryEstimate: number
  /** Its own limit, bytes, of one copy; null: the total limit. */
  readonly memoryLimit: number | null
  /** ms it must have been idle to be unloaded automatically, where it has a floor of its own. */
  readonly minIdleTime: number | null
  /** Largest total (bytes) that one copy had in the last generations, this one included, to compare with `memoryEstimate`; null before the first was measured. */
  readonly learnedPeak: number | null
  /** Native addons that it has been seen to load, in this generation or before: `name@version` of their package, or their path. */
  readonly addons: readonly string[]
  /** ms for which its event loop is known not to have turned while calls wait, from 1,000 on; 0: it turns, as far as is known. */
  readonly stuckFor: number
  /** Calls that wait for it to be loaded, or to listen again. */
  readonly waiting: number
  /** Epoch ms since when it has been in its state. */
  readonly since: number
  /** While it backs off: what made it fail last, and until when (epoch ms). */
  readonly failure: { readonly message: string; readonly retryAt: number } | null
  /** null while it is not loaded, and before its first sample. */
  readonly memory: ComponentMemory | null
  /** Its copies that are loaded, on their way in or out, or backing off; one at most where it has no `instances`, but for a recycling. */
  readonly instances: readonly InstanceInfo[]
}
