import type { PressureLevel } from './pressure-level.ts'

/** What a component holds, in bytes, when it was last sampled. */
export interface ComponentMemory {
  /** Live objects and garbage not yet collected. */
  readonly used: number
  /** Pages of the heap that are really there. */
  readonly physical: number
  /** ArrayBuffers and Buffers, SharedArrayBuffers that it made, WebAssembly memories. */
  readonly external: number
  /** V8's own allocations. */
  readonly malloced: number
  /** Native memory that the component reported. */
  readonly reported: number
  /** Native memory that nobody reported and the component is taken to have: growth of the process's memory while it was at work that no isolate explains. */
  readonly native: number
  /** physical + external + malloced + reported + native: what counts. */
  readonly total: number
  /** Largest total of this generation. */
  readonly peak: number
  /** True when the last sample did not answer in time; the figures are then the last known ones. */
  readonly stale: boolean
  /** Epoch ms. */
  readonly sampledAt: number
}

/** The control group's view, bytes; `current` is without reclaimable page cache. */
export interface CgroupMemory {
  readonly limit: number | null
  readonly current: number
}

/** The main thread's isolate, bytes. */
export interface MainMemory {
  readonly used: number
  readonly physical: number
  readonly external: number
  readonly malloced: number
  readonly total: number
}

/** A worker that is no component's current one, bytes: a spare, one that is about to be gone, or a zombie, which does not go. */
export interface ExtraWorker {
  readonly name: string
  readonly kind: 'spare' | 'ending' | 'zombie'
  readonly total: number
}

/** Where the memory is. Bytes; times in epoch ms. */
export interface Ledger {
  readonly time: number
  /** Loaded and loading components by name. */
  readonly components: Readonly<Record<string, ComponentMemory>>
  readonly extra: readonly ExtraWorker[]
  /** The process's own: the main thread, and every worker that is no component's current one. `mainThread` and `extra` itemise it. */
  readonly main: number
  readonly mainThread: MainMemory
  /** What loads under way may still grow by. */
  readonly reservations: number
  /** Memory of the process that is in no isolate and that nobody reported, beyond `runtime` and what is free; of that, components have what their `native` says. */
  readonly native: number
  /** main + the totals of all components + reservations + native memory that is no component's. */
  readonly usage: number
  readonly limit: number
  /** The resident set of this process, and what workers hold in processes of their own. */
  readonly rss: number
  readonly cgroup: CgroupMemory | null
  /** Resident set that none of the figures explains: code, stacks, native memory nobody reported; negative where pages are not resident. */
  readonly unattributed: number
  /** Of the resident set, what is the runtime's own whatever is loaded: its code and libraries, and what a process starts with. Part of `unattributed`. */
  readonly runtime: number
  /** What unloads have freed and the operating system has not got back yet. */
  readonly pending: number
  readonly pressureLevel: PressureLevel
}
