import type { AccountSnapshot, ComponentSnapshot, FreeRequest, LoadRequest } from '../../src/memory/decide/snapshot.ts'
import type { UnloadCandidate } from '../../src/contract/unload-policy.ts'
import { candidate } from './unload-candidates.ts'

type ComponentFacts = Partial<Omit<ComponentSnapshot, 'candidate'>> & { readonly candidate?: Partial<UnloadCandidate> }

/** Loaded, and holds what it has held for long. */
export function componentOf(name: string, { candidate: facts = {}, ...rest }: ComponentFacts = {}): ComponentSnapshot {
  const { bytes = 100, phase = 'ready' } = rest
  return {
    name,
    key: `${name} 1`,
    phase,
    bytes,
    peak: bytes,
    limited: bytes,
    age: 0,
    memoryLimit: undefined,
    growth: 0,
    least: { time: 0, bytes },
    promised: 0,
    collecting: false,
    collectedAt: undefined,
    busySince: undefined,
    ...rest,
    candidate: candidate(name, { bytes, loaded: phase === 'ready', ...facts }),
  }
}

/** One that has been at work for long. */
export const busyOf = (name: string, facts: ComponentFacts = {}): ComponentSnapshot =>
  componentOf(name, { busySince: Number.NEGATIVE_INFINITY, ...facts, candidate: { inUse: true, ...facts.candidate } })

/** At 10 s, with a limit of 1,000, figures of now, and nobody but its components holding anything. */
export function accountOf(facts: Partial<AccountSnapshot> = {}): AccountSnapshot {
  const { time = 10_000, components = [] } = facts
  return {
    time,
    limit: 1_000,
    usage: components.reduce((sum, { bytes }) => sum + bytes, 0),
    growth: 0,
    workGrowth: 0,
    reserved: 0,
    possible: 0,
    leaving: 0,
    unloadTime: 50,
    sampledAt: time,
    changedAt: 0,
    idleAt: 0,
    trimming: 0,
    unloading: false,
    components,
    extra: [],
    letIn: [],
    requests: [],
    ...facts,
  }
}

/** It has come just now. */
export function loadOf(id: number, facts: Partial<LoadRequest> = {}): LoadRequest {
  const { need = 100 } = facts
  const usual = { name: `load-${id}`, need, mayNeed: need, loadTime: 1_000, since: 10_000, timeout: 30_000 }
  return { kind: 'load', id, ...usual, ...facts }
}

export const freeOf = (id: number, missing: number, ...asked: readonly string[]): FreeRequest => ({
  kind: 'free',
  id,
  missing,
  asked: new Set(asked),
})
