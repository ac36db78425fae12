import type { UnloadCandidate, UnloadPolicy } from './policy.ts'
import type { Kept } from '../../contract/kept.ts'
import { bytesOf, choiceOf, selectInOrder } from './policy-selection.ts'

/**
 * The largest priority number first; within a priority, the lowest worth per byte: the measured cost of loading it
 * again, weighted by the chance of its being needed soon (`CallGaps.keepValue`). Of equal worth, the larger first. A
 * component whose reload cost or gaps are not known yet is worth nothing.
 *
 * Small victims that a larger one after them made unnecessary stay.
 */
export const costAware: UnloadPolicy = (candidates, trigger, need) => {
  const known = new Map<UnloadCandidate, number>()
  const worthOf = (candidate: UnloadCandidate): number => {
    let worth = known.get(candidate)
    if (worth === undefined) {
      worth = worthPerByte(candidate)
      known.set(candidate, worth)
    }
    return worth
  }
  const selection = selectInOrder(
    candidates,
    trigger,
    need,
    (a, b) => b.priority - a.priority || worthOf(a) - worthOf(b) || bytesOf(b) - bytesOf(a),
  )
  return choiceOf(spareUnnecessary(selection, need))
}

/** Cost (ms) per byte and ms that keeping the component saves. */
function worthPerByte(candidate: UnloadCandidate): number {
  const worth = ((candidate.gaps?.keepValue(candidate.idleTime) ?? 0) * candidate.reloadCost) / bytesOf(candidate)
  return Number.isFinite(worth) ? worth : 0
}

/**
 * Of the victims with the priority of the last one, the most worth first: those without which the rest still frees
 * enough. One that had to go before another could (its dependent) is not spared.
 */
function spareUnnecessary(selection: { victims: UnloadCandidate[]; kept: Kept[] }, need: number): typeof selection {
  const last = selection.victims.at(-1)
  if (last === undefined) return selection
  let surplus = selection.victims.reduce((sum, victim) => sum + bytesOf(victim), 0) - need
  const required = new Set(selection.victims.flatMap(({ dependents }) => dependents))
  const spared = new Set<string>()
  for (const victim of selection.victims.toReversed()) {
    if (victim.priority !== last.priority || required.has(victim.name) || bytesOf(victim) > surplus) continue
    spared.add(victim.name)
    surplus -= bytesOf(victim)
  }
  return {
    victims: selection.victims.filter(({ name }) => !spared.has(name)),
    kept: [...selection.kept, ...Array.from(spared, (name): Kept => ({ name, reason: 'enough' }))],
  }
}
