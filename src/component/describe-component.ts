import type { ComponentMemory } from '../contract/ledger.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import { headlineOf } from '../contract/describe-value.ts'
import { monotonicNow, wallTime, wallTimeToWaitFor } from '../base/monotonic.ts'
import { unheardLimit } from './loop-judgement.ts'
import { isolationOf } from './isolation.ts'
import type { Supervisor } from './supervisor.ts'

export function describeComponent(
  supervisor: Supervisor,
  dependents: readonly string[],
  memory: ComponentMemory | null,
  learnedPeak: number | undefined,
): ComponentInfo {
  const { definition, state, counters, usage } = supervisor
  return {
    name: definition.name,
    type: definition.type,
    state: state.status,
    generation: state.generation,
    isolation: supervisor.generation?.host.isolation ?? isolationOf(supervisor),
    pid: supervisor.generation?.host.pid ?? null,
    priority: definition.priority,
    pinned: definition.pinned,
    dependencies: definition.dependencies,
    dependents,
    inUse: supervisor.inUse,
    idleTime: supervisor.idleTime,
    lastAccess: usage.lastAccess > 0 ? wallTime(usage.lastAccess) : null,
    loads: counters.loads,
    unloads: counters.unloads,
    crashes: counters.crashes,
    calls: usage.calls,
    errors: usage.errors,
    lastLoadTime: supervisor.lastLoadTime ?? null,
    memoryEstimate: definition.memoryEstimate,
    memoryLimit: definition.memoryLimit ?? null,
    minIdleTime: definition.minIdleTime ?? null,
    learnedPeak: learnedPeak ?? null,
    addons: [...supervisor.addons],
    stuckFor: stuckFor(supervisor),
    waiting: supervisor.main.caller.waiting,
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
