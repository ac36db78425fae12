import type { ExtraWorker } from '../../contract/ledger.ts'
import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { UnloadCandidate } from '../../contract/unload-policy.ts'

/** A component with a worker, as the account shows it. Bytes; times in ms of the monotonic clock. */
export interface ComponentSnapshot {
  readonly name: string
  /** Of its worker: the same component's next one has another. */
  readonly key: string
  readonly phase: 'loading' | 'ready' | 'leaving'
  /** What counts towards the total limit. */
  readonly bytes: number
  /** The most that it and its last generations came to hold, which is what another load of it would reserve. */
  readonly peak: number
  /** Heap and external memory, which its own limit is held against. */
  readonly limited: number
  /** How old (ms) those figures are. */
  readonly age: number
  /** Undefined: the total limit. */
  readonly memoryLimit: number | undefined
  /** What it shares with others of its family; undefined where there is no limit for that. */
  readonly family?: FamilyLimits | undefined
  /** Growth that has lasted, bytes/ms. */
  readonly growth: number
  /** The least it has held of late, and when: what its growth started from. */
  readonly least: { readonly time: number; readonly bytes: number } | undefined
  /** What was reserved for its load, which counts already: to fill that takes nothing. 0 once it has settled. */
  readonly promised: number
  /** It was asked to collect its garbage, and may still answer. */
  readonly collecting: boolean
  /** When it was last measured after its garbage was collected at our wish. */
  readonly collectedAt: number | undefined
  /** Since when it has been in use without a break; undefined: it is not, or nobody told. */
  readonly busySince: number | undefined
  /** What a policy is told of it. */
  readonly candidate: UnloadCandidate
}

/** A load that waits to be let in. Bytes and ms. */
export interface LoadRequest {
  readonly kind: 'load'
  readonly id: number
  readonly name: string
  /** As in ComponentSnapshot. */
  readonly family?: FamilyLimits | undefined
  /** What it will need, as far as is known. */
  readonly need: number
  /** More than `need` where its size is a guess. */
  readonly mayNeed: number
  /** What its last load took; 0 before the first. */
  readonly loadTime: number
  readonly since: number
  readonly timeout: number
}

/** Somebody wants that many bytes unloaded, whoever has to go. */
export interface FreeRequest {
  readonly kind: 'free'
  readonly id: number
  /** Bytes that are still missing. */
  readonly missing: number
  /** Names of those that were asked to go already, whether they did or not. */
  readonly asked: ReadonlySet<string>
}

/** An instance of a limited family that was let in, and has no worker yet. Bytes. */
export interface LetIn {
  readonly name: string
  readonly family: FamilyLimits
  readonly bytes: number
}

export type MemoryRequest = LoadRequest | FreeRequest

/** All that a decision is made of: what the account shows at one moment. Bytes; times in ms of the monotonic clock. */
export interface AccountSnapshot {
  readonly time: number
  /** The total limit, or 90% of a smaller limit of the control group. */
  readonly limit: number
  /** Main thread, workers, and what is reserved. */
  readonly usage: number
  /** Growth of usage that has lasted, bytes/ms. */
  readonly growth: number
  /** The same of what is loaded and at work, without loads. */
  readonly workGrowth: number
  /** The part of `usage` that is promised to loads under way and not filled yet. */
  readonly reserved: number
  /** Bytes beyond those that loads of unknown size under way may need. */
  readonly possible: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  /** ms that an unload takes, as measured. */
  readonly unloadTime: number
  /** When the figures were asked for. */
  readonly sampledAt: number
  /** When something last changed that figures from before do not show: a load or a trim is over, a worker gone. */
  readonly changedAt: number
  /** When something last became idle. */
  readonly idleAt: number
  /** Things that were asked for to make do, and are not over: trims, the end of spare workers. */
  readonly trimming: number
  /** Something is being unloaded for want of memory. */
  readonly unloading: boolean
  readonly components: readonly ComponentSnapshot[]
  /** Workers that are no component's current one. */
  readonly extra: readonly ExtraWorker[]
  readonly letIn: readonly LetIn[]
  /** In the order in which they came. */
  readonly requests: readonly MemoryRequest[]
}

/** False while something has changed since the figures were taken. */
export const isFresh = ({ sampledAt, changedAt }: AccountSnapshot): boolean => sampledAt >= changedAt

export const candidatesIn = ({ components }: AccountSnapshot): UnloadCandidate[] =>
  components.map(({ candidate }) => candidate)
