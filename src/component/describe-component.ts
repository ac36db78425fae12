import type { ComponentMemory } from '../contract/ledger.ts'
import type { ComponentInfo, InstanceInfo, LifecycleStatus } from '../contract/component-info.ts'
import { headlineOf } from '../contract/describe-value.ts'
import type { Component } from './component.ts'
import { isolationOf } from './isolation.ts'
import type { Supervisor } from './supervisor.ts'

/** What is known of the memory of a copy. */
export interface KnownMemory {
  /** null while it is not loaded, and before its first sample. */
  memoryOf(copy: Supervisor): ComponentMemory | null
  /** Bytes; undefined before it was first measured. */
  learnedPeakOf(copy: Supervisor): number | undefined
}

/** A component is in the first of these states that one of its copies is in. */
const states: readonly LifecycleStatus[] = ['ready', 'draining', 'loading', 'unloading', 'failed', 'zombie', 'unloaded']

export function describeComponent(
  component: Component,
  dependents: readonly string[],
  known: KnownMemory,
): ComponentInfo {
  const { definition, copies, main, record } = component
  const shown = copyInFirstState(copies)
  const { state } = shown
  const { clock } = shown.surroundings
  const sum = (of: (copy: Supervisor) => number): number => copies.reduce((all, copy) => all + of(copy), 0)
  const lastAccess = Math.max(...copies.map(({ usage }) => usage.lastAccess))
  const { waiting } = main.caller
  const peaks = copies.map((copy) => known.learnedPeakOf(copy)).filter((peak) => peak !== undefined)
  return {
    name: definition.name,
    family: definition.family?.name ?? null,
    type: definition.type,
    state: state.status,
    generation: record.generation,
    isolation: shown.generation?.host.isolation ?? isolationOf(shown),
    pid: shown.generation?.host.pid ?? null,
    priority: definition.priority,
    pinned: definition.pinned,
    dependencies: definition.dependencies,
    dependents,
    inUse: waiting + sum(({ usage }) => usage.held),
    idleTime: Math.min(
      ...copies.map((copy) => (copy.state.status === state.status ? copy.idleTime : Number.POSITIVE_INFINITY)),
    ),
    lastAccess: lastAccess > 0 ? clock.wallTime(lastAccess) : null,
    loads: sum(({ counters }) => counters.loads),
    unloads: sum(({ counters }) => counters.unloads),
    crashes: sum(({ counters }) => counters.crashes),
    regrets: sum(({ counters }) => counters.regrets),
    calls: sum(({ usage }) => usage.calls),
    errors: sum(({ usage }) => usage.errors),
    loadedFor: lastLoaded(copies, ({ loadedFor }) => loadedFor),
    lastLoadTime: lastLoaded(copies, (copy) => copy.lastLoadTime),
    memoryEstimate: definition.memoryEstimate,
    memoryLimit: definition.memoryLimit ?? null,
    minIdleTime: definition.minIdleTime ?? null,
    learnedPeak: peaks.length > 0 ? Math.max(...peaks) : null,
    addons: [...component.addons],
    stuckFor: Math.max(...copies.map((copy) => copy.stuckFor)),
    waiting,
    since: clock.wallTime(state.since),
    failure:
      state.status === 'failed'
        ? { message: headlineOf(state.error), retryAt: clock.wallTimeToWaitFor(state.retryAt) }
        : null,
    memory: together(copies.map((copy) => known.memoryOf(copy))),
    instances: copies.filter((copy) => copy.state.status !== 'unloaded').map((copy) => describeCopy(copy, known)),
  }
}

function describeCopy(copy: Supervisor, known: KnownMemory): InstanceInfo {
  const { name, state, usage, idleTime, counters } = copy
  return {
    name,
    state: state.status,
    generation: state.generation,
    isolation: copy.generation?.host.isolation ?? isolationOf(copy),
    pid: copy.generation?.host.pid ?? null,
    inUse: usage.held,
    idleTime,
    loads: counters.loads,
    unloads: counters.unloads,
    crashes: counters.crashes,
    calls: usage.calls,
    errors: usage.errors,
    stuckFor: copy.stuckFor,
    since: copy.surroundings.clock.wallTime(state.since),
    memory: known.memoryOf(copy),
  }
}

function copyInFirstState(copies: readonly Supervisor[]): Supervisor {
  const [first, ...others] = copies
  if (!first) throw new Error('No component is without copies')
  const rank = ({ state }: Supervisor): number => states.indexOf(state.status)
  return others.reduce((best, copy) => (rank(copy) < rank(best) ? copy : best), first)
}

/** What is known of the last one that was loaded, of those of which it is known. */
function lastLoaded<T>(copies: readonly Supervisor[], of: (copy: Supervisor) => T | undefined): T | null {
  let last: { readonly value: T; readonly generation: number } | undefined
  for (const copy of copies) {
    const value = of(copy)
    const { generation } = copy.state
    if (value !== undefined && generation > (last?.generation ?? 0)) last = { value, generation }
  }
  return last?.value ?? null
}

/** Sums; it is stale if any of them is, and as old as the oldest. */
function together(all: readonly (ComponentMemory | null)[]): ComponentMemory | null {
  return all
    .filter((memory) => memory !== null)
    .reduce<ComponentMemory | null>(
      (sum, memory) =>
        sum === null
          ? memory
          : {
              used: sum.used + memory.used,
              physical: sum.physical + memory.physical,
              external: sum.external + memory.external,
              malloced: sum.malloced + memory.malloced,
              reported: sum.reported + memory.reported,
              native: sum.native + memory.native,
              total: sum.total + memory.total,
              peak: sum.peak + memory.peak,
              stale: sum.stale || memory.stale,
              sampledAt: Math.min(sum.sampledAt, memory.sampledAt),
            },
      null,
    )
}
