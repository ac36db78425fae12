import { HIGH_IDLE_SHARE, PROTECTED_PRIORITY, ROUND_CAP } from '../tuning.ts'
import { type PolicyChoice, type UnloadCandidate, type UnloadTrigger } from '../../contract/unload-policy.ts'
import type { Kept, KeptReason } from '../../contract/unload-policy.ts'
import { bytesOf } from './price.ts'

/**
 * Negative when `a` goes before `b`. Ties are broken by name, so that a plan never depends on the order of the
 * candidates.
 */
export type VictimOrder = (a: UnloadCandidate, b: UnloadCandidate) => number

/** How many components a plan may take. */
const mostVictims: Record<UnloadTrigger, number> = {
  low: 0,
  ...ROUND_CAP,
  critical: Number.POSITIVE_INFINITY,
  demand: Number.POSITIVE_INFINITY,
}

/** The share of minIdleTime that a component must have been idle for. */
const idleShare: Record<UnloadTrigger, number> = { low: 1, medium: 1, high: HIGH_IDLE_SHARE, critical: 0, demand: 0 }

/**
 * Why the component may not be unloaded, whatever the order, apart from its dependents; undefined when it may. At
 * critical pressure the minimum residency yields: the limit has to hold.
 */
export function fixedReason(candidate: UnloadCandidate, trigger: UnloadTrigger): KeptReason | undefined {
  if (!candidate.loaded) return 'not-loaded'
  if (candidate.stuck === true) return 'stuck'
  if (candidate.inUse) return 'in-use'
  if (candidate.pinned) return 'pinned'
  if (trigger === 'low') return 'low-pressure'
  if (candidate.priority <= PROTECTED_PRIORITY && trigger !== 'critical') return 'protected'
  if (candidate.idleTime < candidate.minIdleTime * idleShare[trigger]) return 'min-idle'
  if (candidate.residentTime < candidate.minResidency && trigger !== 'critical') return 'residency'
  return undefined
}

/**
 * Takes candidates in `order` until `need` bytes are freed or the round is full. A dependency joins the queue once all
 * its loaded dependents have been taken before it. The first one that `priced` keeps ends the round: nothing after it,
 * which is more important or worth more, goes in its place.
 */
export function selectInOrder(
  candidates: readonly UnloadCandidate[],
  trigger: UnloadTrigger,
  need: number,
  order: VictimOrder,
  priced: (candidate: UnloadCandidate) => boolean = () => false,
): { victims: UnloadCandidate[]; kept: Kept[] } {
  const fixed = new Map<string, KeptReason>()
  const waitingFor = new Map<string, Set<string>>()
  const queue: UnloadCandidate[] = []
  const dependencies = new Map<string, UnloadCandidate[]>()
  for (const candidate of candidates) {
    const reason = fixedReason(candidate, trigger)
    if (reason !== undefined) {
      fixed.set(candidate.name, reason)
    } else if (candidate.dependents.length === 0) {
      queue.push(candidate)
    } else {
      waitingFor.set(candidate.name, new Set(candidate.dependents))
      for (const dependent of candidate.dependents) {
        const list = dependencies.get(dependent)
        if (list === undefined) dependencies.set(dependent, [candidate])
        else list.push(candidate)
      }
    }
  }
  const compare: VictimOrder = (a, b) => order(a, b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  // Last goes first: taking from the end and inserting stay cheap.
  queue.sort((a, b) => compare(b, a))

  const victims: UnloadCandidate[] = []
  let freed = 0
  let tooDear = false
  while (freed < need && victims.length < mostVictims[trigger]) {
    const victim = queue.at(-1)
    tooDear = victim !== undefined && priced(victim)
    if (victim === undefined || tooDear) break
    queue.pop()
    victims.push(victim)
    freed += bytesOf(victim)
    for (const dependency of dependencies.get(victim.name) ?? []) {
      const left = waitingFor.get(dependency.name)
      left?.delete(victim.name)
      if (left?.size === 0) {
        waitingFor.delete(dependency.name)
        queue.splice(insertionIndex(queue, dependency, compare), 0, dependency)
      }
    }
  }

  const chosen = new Set(victims.map((victim) => victim.name))
  const rest: KeptReason = freed >= need ? 'enough' : tooDear ? 'price' : 'cap'
  const kept: Kept[] = candidates
    .filter(({ name }) => !chosen.has(name))
    .map(({ name }) => ({ name, reason: fixed.get(name) ?? (waitingFor.has(name) ? 'has-dependents' : rest) }))
  return { victims, kept }
}

export const choiceOf = (selection: { victims: readonly UnloadCandidate[]; kept: readonly Kept[] }): PolicyChoice => ({
  victims: selection.victims.map((victim) => victim.name),
  kept: selection.kept,
})

function insertionIndex(queue: readonly UnloadCandidate[], item: UnloadCandidate, compare: VictimOrder): number {
  let low = 0
  let high = queue.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = queue[middle]
    if (other !== undefined && compare(item, other) < 0) low = middle + 1
    else high = middle
  }
  return low
}
