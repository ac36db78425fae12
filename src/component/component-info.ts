import { headlineOf } from '../describe-value.ts'
import { monotonicNow, wallTime, wallTimeToWaitFor } from '../monotonic.ts'
import type { LifecycleStatus } from './lifecycle.ts'
import { unheardLimit } from './loop-judgement.ts'
import type { Supervisor } from './supervisor.ts'

/** What a component holds, in bytes, when it was last sampled. */
export interface ComponentMemory {
  /** Live objects and garbage not yet collected. */
  readonly used: number
  /** Pages of the heap that are really there. */
  readonly physical: number
  /** ArrayBuffers and Buffers. */
  readonly external: number
  /** V8's own allocations. */
  readonly malloced: number
  /** Native memory that the component reported. */
  readonly reported: number
  /** physical + external + malloced + reported: what counts. */
  readonly total: number
  /** Largest total of this generation. */
  readonly peak: number
  /** True when the last sample did not answer in time; the figures are then the last known ones. */
  readonly stale: boolean
  /** Epoch ms. */
  readonly sampledAt: number
}

/** A component as seen from outside; asking never loads it. Bytes and ms. */
export interface ComponentInfo {
  readonly name: string
  readonly type: string
  readonly state: LifecycleStatus
  /** 0 before the first load. */
  readonly generation: number
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
  readonly calls: number
  readonly errors: number
  /** ms the last load took; null before the first. */
  readonly lastLoadTime: number | null
  readonly memoryEstimate: number
  /** Its own limit, bytes; null: the total limit. */
  readonly memoryLimit: number | null
  /** ms it must have been idle to be unloaded automatically, where it has a floor of its own. */
  readonly minIdleTime: number | null
  /** Largest total (bytes) of the last generations, this one included; null before the first was measured. */
  readonly learnedPeak: number | null
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
}

export function describeComponent(
  supervisor: Supervisor,
  dependents: readonly string[],
  memory: ComponentMemory | null,
  learnedPeak: number | undefined,
): ComponentInfo {
  const { definition, state, counters } = supervisor
  return {
    name: definition.name,
    type: definition.type,
    state: state.status,
    generation: state.generation,
    priority: definition.priority,
    pinned: definition.pinned,
    dependencies: definition.dependencies,
    dependents,
    inUse: supervisor.inUse,
    idleTime: supervisor.idleTime,
    lastAccess: supervisor.lastAccess > 0 ? wallTime(supervisor.lastAccess) : null,
    loads: counters.loads,
    unloads: counters.unloads,
    crashes: counters.crashes,
    calls: supervisor.calls,
    errors: supervisor.errors,
    lastLoadTime: supervisor.lastLoadTime ?? null,
    memoryEstimate: definition.memoryEstimate,
    memoryLimit: definition.memoryLimit ?? null,
    minIdleTime: definition.minIdleTime ?? null,
    learnedPeak: learnedPeak ?? null,
    stuckFor: stuckFor(supervisor),
    waiting: supervisor.caller.waiting,
    since: wallTime(state.since),
    failure:
      state.status === 'failed' ? { message: messageOf(state.error), retryAt: wallTimeToWaitFor(state.retryAt) } : null,
    memory,
  }
}

function messageOf(error: unknown): string {
  return headlineOf(error)
}

function stuckFor({ generation }: Supervisor): number {
  const silence = generation?.loop.silence(monotonicNow()) ?? 0
  return silence < unheardLimit ? 0 : silence
}
