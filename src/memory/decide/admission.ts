import { ANSWER_TIME, COLLECT_TIME, LOAD_PATIENCE, NOTICEABLE, RESIDENCY_SHARE } from '../tuning.ts'
import type { UnloadCandidate, UnloadPolicy, UnloadPlan } from '../../contract/unload-policy.ts'
import { planUnload } from './plan.ts'
import type { LoadRequest } from './snapshot.ts'

/** What there is for a load, as things stand. Bytes; shares of the limit; bytes/ms. */
export interface Room {
  readonly limit: number
  /** Main thread, workers, and what is reserved for the other loads under way. */
  readonly usage: number
  /** How what is at work has been growing. */
  readonly workGrowth: number
  /** Bytes beyond their reservations that other loads of unknown size may need. */
  readonly possible: number
  /** The part of `usage` that unloads under way will free. */
  readonly leaving: number
  readonly highThreshold: number
  readonly criticalThreshold: number
  /** What may be unloaded for it; empty where nothing may. */
  readonly candidates: readonly UnloadCandidate[]
  readonly policy: UnloadPolicy
}

/**
 * - admit: reserve `need`, and load.
 * - unload: unload the plan's first victim, then ask again.
 * - wait: ask again when memory was freed, a component has become idle, or so many ms have passed.
 * - refuse: it cannot be had.
 */
export type AdmissionDecision =
  | { readonly kind: 'admit' }
  | { readonly kind: 'unload'; readonly plan: UnloadPlan }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'refuse' }

/**
 * Decides what happens to a load.
 *
 * 1. Fits under the high threshold, and one of unknown size under the limit however large it is: admitted.
 * 2. Idle components that the policy names would make it fit under the limit, at best as above: they are unloaded first. Where they would not,
 *    they stay: unloading them would help nobody.
 * 3. Fits under the limit as things are: admitted. One of unknown size waits for a while where others are too, where what is loaded grows fast, and where
 *    little is left.
 * 4. Otherwise it waits, within its timeout; then it is refused. More than the limit is refused at once.
 *
 * A minimum residency holds against a load too where it would replace most of what is loaded, or two components that do not fit side by
 * side would take turns as fast as they are called: then others go instead, or the load waits, but no longer than its patience, so that every load gets
 * its turn. Replacing little is no thrashing, and waiting for it would cost more than a reload. Nor does it keep anything loaded where the load would
 * fit but lead into critical pressure: there it would have to go at once.
 */
export function decideAdmission(load: LoadRequest, time: number, room: Room): AdmissionDecision {
  const { need, mayNeed, timeout } = load
  const { limit, leaving, candidates } = room
  const waited = time - load.since
  const growth = room.workGrowth * (load.loadTime || ANSWER_TIME)
  const wanted = room.usage + growth + need
  const atMost = room.usage + growth + room.possible + mayNeed
  const missing = Math.max(wanted - room.highThreshold * limit, atMost - limit)
  if (missing <= 0) return { kind: 'admit' }
  if (need > limit) return { kind: 'refuse' }
  // Nobody knows what comes of several of unknown size: the last of them are refused rather than let in at once.
  const isHerd = room.possible > 0 && mayNeed > need && atMost > limit
  const asItIs: AdmissionDecision = { kind: wanted <= limit && !isHerd ? 'admit' : 'refuse' }
  // What is done for it in the end may still come to something.
  if (waited >= timeout + COLLECT_TIME) return asItIs

  const patience = Math.min(LOAD_PATIENCE, timeout / 2)
  // What is on its way out already is not chosen a second time, nor replaced by something else.
  const plan = planFor(room, Math.max(0, Math.ceil(missing - leaving)), wanted, waited < patience)
  const fits = wanted - leaving - plan.freed <= limit
  if (fits && plan.victims.length > 0) return { kind: 'unload', plan }
  const isRisky = atMost > limit && (room.possible > 0 || (mayNeed > need && isTight(room, growth, need)))
  // Patience is over for all at once; those of unknown size come in one after the other even then.
  const isAlone = waited >= patience && room.possible === 0
  if (leaving === 0 && fits && (!isRisky || isAlone)) return { kind: 'admit' }
  if (waited >= timeout && (leaving === 0 || !fits)) return asItIs

  const resident = new Set(plan.kept.filter(({ reason }) => reason === 'residency').map(({ name }) => name))
  const ends = candidates
    .filter(({ name }) => resident.has(name))
    .map((candidate) => candidate.minResidency - candidate.residentTime)
  if (waited < patience) ends.push(patience - waited)
  // A clock of fractions could otherwise come back a hair too early, for ever.
  return {
    kind: 'wait',
    ms: Math.max(1, Math.min((waited < timeout ? timeout : timeout + COLLECT_TIME) - waited, ...ends)),
  }
}

/** What would have to go. Residencies hold where they have to, and where there is time for that. */
function planFor(room: Room, need: number, wanted: number, hasTime: boolean): UnloadPlan {
  const { candidates, policy, limit, leaving } = room
  const regardless = planUnload(policy, candidates.map(withoutResidency), 'demand', need)
  const loaded = sum(candidates.filter((candidate) => candidate.loaded))
  if (!hasTime || residentBytes(candidates, regardless) <= RESIDENCY_SHARE * loaded) return regardless
  const mild = planUnload(policy, candidates, 'demand', need)
  const left = wanted - leaving - mild.freed
  return left <= limit && left > room.criticalThreshold * limit ? regardless : mild
}

/** Whether little is left for one that may be of any size. */
const isTight = ({ usage, limit, highThreshold }: Room, growth: number, need: number): boolean =>
  growth > limit * NOTICEABLE || usage + need > highThreshold * limit

/** What the plan takes of components within their minimum residency, bytes. */
function residentBytes(candidates: readonly UnloadCandidate[], plan: UnloadPlan): number {
  const victims = new Set(plan.victims.map(({ name }) => name))
  return sum(
    candidates.filter(({ name, residentTime, minResidency }) => victims.has(name) && residentTime < minResidency),
  )
}

const sum = (those: readonly { readonly bytes: number }[]): number => those.reduce((all, { bytes }) => all + bytes, 0)

const withoutResidency = (candidate: UnloadCandidate): UnloadCandidate =>
  candidate.minResidency > 0 ? { ...candidate, minResidency: 0 } : candidate
