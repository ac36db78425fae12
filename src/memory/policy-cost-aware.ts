import type { UnloadCandidate, UnloadPolicy } from './policy.ts'
import { bytesOf, choiceOf, selectInOrder } from './policy-selection.ts'

export const costAware: UnloadPolicy = (candidates, trigger, need) => {
  const values = new Map(candidates.map((candidate) => [candidate.name, valueOf(candidate)]))
  const value = (candidate: UnloadCandidate): number => values.get(candidate.name) ?? 0
  return choiceOf(
    selectInOrder(
      candidates,
      trigger,
      need,
      (a, b) => b.priority - a.priority || value(a) - value(b) || bytesOf(b) - bytesOf(a),
    ),
  )
}
function valueOf(c: UnloadCandidate): number {
  return ((c.gaps?.index(c.idleTime) ?? 0) * c.reloadCost) / c.bytes
}
