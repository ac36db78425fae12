import type { UnloadCandidate, UnloadPolicy } from './policy.ts'
import { planUnload, type UnloadPlan } from './plan.ts'

/** The longest (ms) that a load waits for the minimum residency of others before it takes their place all the same. */
export const RESIDENCY_PATIENCE = 15_000

/** A load may replace this share of what is loaded, as far as it is within its minimum residency, without waiting. */
const RESIDENCY_SHARE = 2 / 3

/** No wait is shorter (ms): a clock of fractions could otherwise come back a hair too early, for ever. */
const SHORTEST_RETRY = 1

/** Who holds memory, and why it is not to be had: what InsufficientMemoryError shows. */
export interface MemoryHolder {
  readonly name: string
  readonly bytes: number
  readonly why: string
}

/** A load that asks for memory. Sizes in bytes, times in ms. */
export interface AdmissionRequest {
  /** Its learned peak; before the first load its estimate. */
  readonly need: number
  /** Accounted bytes: main thread, workers, and the reservations of the other loads under way. */
  readonly usage: number
  /** Bytes by which that will have grown by itself when this load is over. */
  readonly growth: number
  /** The part of `usage` that is reserved for other loads. */
  readonly reservations: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  readonly limit: number
  /** Shares of the limit. */
  readonly highThreshold: number
  readonly criticalThreshold: number
  readonly candidates: readonly UnloadCandidate[]
  readonly policy: UnloadPolicy
  /** False: nothing may be unloaded for it. */
  readonly autoUnloadEnabled: boolean
  /** How long the load has waited so far. */
  readonly waited: number
  /** How long it may wait at all: its load timeout. */
  readonly timeout: number
}

/**
 * - admit: reserve `need` and load.
 * - unload: unload the plan's victims, then ask again.
 * - wait: ask again when memory was freed, a component has become idle, or `retryIn` ms have passed.
 * - refuse: reject with InsufficientMemoryError.
 */
export type AdmissionDecision =
  | { readonly kind: 'admit' }
  | { readonly kind: 'unload'; readonly plan: UnloadPlan }
  | { readonly kind: 'wait'; readonly retryIn: number; readonly plan: UnloadPlan }
  | { readonly kind: 'refuse'; readonly holders: readonly MemoryHolder[] }

/**
 * Decides what happens to a load.
 *
 * 1. Fits under the high threshold: admitted.
 * 2. Idle components that the policy names would make it fit under the limit, at best under the high threshold: they
 *    are unloaded first. Where they would not, they stay: unloading them would help nobody.
 * 3. Fits under the limit as things are: admitted.
 * 4. Otherwise it waits, within its timeout; then it is refused. More than the limit is refused at once.
 *
 * A minimum residency holds against a load too where it would replace most (more than two thirds) of what is
 * loaded, or two components that do not fit side by side would take turns as fast as they are called: then others go
 * instead, or the load waits, but only for 15 s or half of its timeout, so that every load gets its turn. Replacing
 * little is no thrashing, and waiting for it would cost more than a reload. Nor does it keep anything loaded where the load
 * would fit but lead into critical pressure: there it would have to go at once.
 */
export function decideAdmission(request: AdmissionRequest): AdmissionDecision {
  const { need, limit, leaving, waited, timeout } = request
  const target = request.highThreshold * limit
  const wanted = request.usage + request.growth + need
  if (wanted <= target) return { kind: 'admit' }
  if (need > limit) return { kind: 'refuse', holders: holdersOf(request) }

  // What is on its way out already is not chosen a second time, nor replaced by something else.
  const missing = Math.max(0, wanted - leaving - target)
  const patience = Math.min(RESIDENCY_PATIENCE, timeout / 2)
  const candidates = request.autoUnloadEnabled ? request.candidates : []
  const regardless = planUnload(request.policy, candidates.map(withoutResidency), 'demand', missing)
  const breaksResidency =
    residentBytes(candidates, regardless) > RESIDENCY_SHARE * bytesOf(candidates.filter(({ loaded }) => loaded)) &&
    waited < patience
  const mild = breaksResidency ? planUnload(request.policy, candidates, 'demand', missing) : regardless
  const left = wanted - leaving - mild.freed
  const plan = left <= limit && left > request.criticalThreshold * limit ? regardless : mild
  const fits = wanted - leaving - plan.freed <= limit
  if (fits && plan.victims.length > 0) return { kind: 'unload', plan }
  if (leaving === 0 && fits) return { kind: 'admit' }
  if (waited >= timeout) return wanted <= limit ? { kind: 'admit' } : { kind: 'refuse', holders: holdersOf(request) }

  const ends = candidates
    .filter((candidate) => plan.kept.some(({ name, reason }) => name === candidate.name && reason === 'residency'))
    .map((candidate) => candidate.minResidency - candidate.residentTime)
  if (waited < patience && ends.length > 0) ends.push(patience - waited)
  return { kind: 'wait', plan, retryIn: Math.max(SHORTEST_RETRY, Math.min(timeout - waited, ...ends)) }
}

const bytesOf = (those: readonly { readonly bytes: number }[]): number =>
  those.reduce((sum, { bytes }) => sum + bytes, 0)

/** What the plan takes of components within their minimum residency, bytes. */
function residentBytes(candidates: readonly UnloadCandidate[], plan: UnloadPlan): number {
  const victims = new Set(plan.victims.map(({ name }) => name))
  return bytesOf(
    candidates.filter(({ name, residentTime, minResidency }) => victims.has(name) && residentTime < minResidency),
  )
}

const withoutResidency = (candidate: UnloadCandidate): UnloadCandidate =>
  candidate.minResidency > 0 ? { ...candidate, minResidency: 0 } : candidate

function holdersOf(request: AdmissionRequest): MemoryHolder[] {
  const loaded = request.candidates.filter((candidate) => candidate.loaded)
  const plan = planUnload(request.policy, loaded, 'demand', request.need)
  const reasons = new Map(plan.kept.map(({ name, reason }) => [name, reason]))
  const holders: MemoryHolder[] = loaded.map(({ name, bytes }) => ({
    name,
    bytes,
    why: (reasons.get(name) ?? 'idle').replace('-', ' '),
  }))
  if (request.reservations > 0) holders.push({ name: 'loads under way', bytes: request.reservations, why: 'reserved' })
  const known = bytesOf(holders)
  if (request.usage > known)
    holders.push({ name: 'main thread and others', bytes: request.usage - known, why: 'not a component' })
  return holders.sort((a, b) => b.bytes - a.bytes)
}
