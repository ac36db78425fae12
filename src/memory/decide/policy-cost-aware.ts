import type { UnloadCandidate, UnloadPolicy, UnloadTrigger, Kept } from '../../contract/unload-policy.ts'
import { choiceOf, fixedReason, selectInOrder } from './policy-selection.ts'
import { bytesOf, giveUpBelow, worthOf, type Priced } from './price.ts'

/**
 * The largest priority number first; within a priority, the lowest price (`worthOf`), so what has never been called is
 * first of all. Of equal worth, the larger first.
 *
 * At medium and high pressure nobody needs the room yet, so only what is hardly worth it goes (`giveUpBelow`). Small
 * victims that a larger one after them made unnecessary stay.
 */
export const costAware: UnloadPolicy = (candidates, trigger, need) => {
  const known = new Map<UnloadCandidate, number>()
  const worth = (candidate: UnloadCandidate): number => {
    const value = known.get(candidate) ?? worthOf(candidate)
    known.set(candidate, value)
    return value
  }
  const ceilings = new Map<number, number>()
  const ceiling = (priority: number): number => {
    const value = ceilings.get(priority) ?? giveUpBelow(forSale(candidates, priority, trigger, worth), trigger)
    ceilings.set(priority, value)
    return value
  }
  const selection = selectInOrder(
    candidates,
    trigger,
    need,
    (a, b) => b.priority - a.priority || worth(a) - worth(b) || bytesOf(b) - bytesOf(a),
    (candidate) => worth(candidate) > ceiling(candidate.priority),
  )
  return choiceOf(spareUnnecessary(selection, need))
}

/** What is idle and has this priority. */
const forSale = (
  candidates: readonly UnloadCandidate[],
  priority: number,
  trigger: UnloadTrigger,
  worth: (candidate: UnloadCandidate) => number,
): Priced[] =>
  candidates
    .filter((candidate) => candidate.priority === priority && candidate.loaded && !candidate.inUse && !candidate.pinned)
    .map((candidate) => ({
      bytes: bytesOf(candidate),
      worth: worth(candidate),
      stays: fixedReason(candidate, trigger) === 'min-idle',
    }))

/**
 * Of the most important victims, the most worth first: those without which the rest still frees enough. One that had to go before another could (its dependent) is not spared.
 */
function spareUnnecessary(selection: { victims: UnloadCandidate[]; kept: Kept[] }, need: number): typeof selection {
  const mostImportant = Math.min(...selection.victims.map(({ priority }) => priority))
  let surplus = selection.victims.reduce((sum, victim) => sum + bytesOf(victim), 0) - need
  const required = new Set(selection.victims.flatMap(({ dependents }) => dependents))
  const spared = new Set<string>()
  for (const victim of selection.victims.toReversed()) {
    if (victim.priority !== mostImportant || required.has(victim.name) || bytesOf(victim) > surplus) continue
    spared.add(victim.name)
    surplus -= bytesOf(victim)
  }
  return {
    victims: selection.victims.filter(({ name }) => !spared.has(name)),
    kept: [...selection.kept, ...Array.from(spared, (name): Kept => ({ name, reason: 'enough' }))],
  }
}
