/** One step of a wait: a party waits for `to`, because of `via`, a lock say. */
export interface WaitEdge<Party, Via = string> {
  readonly to: Party
  readonly via: Via
}

/**
 * The shortest cycle of waits that leads from `start` back to `start`, or undefined when there is none.
 *
 * Parties wait for ALL of the parties their edges lead to (the AND model), so a cycle is a deadlock and no cycle is no
 * deadlock: Chandy, Misra and Haas, "Distributed Deadlock Detection", 1983. The search is breadth first, one visit to a party.
 */
export function findCycle<Party, Via = string>(
  start: Party,
  edgesFrom: (party: Party) => Iterable<WaitEdge<Party, Via>>,
): WaitEdge<Party, Via>[] | undefined {
  const cameFrom = new Map<Party, { from: Party; edge: WaitEdge<Party, Via> }>()
  const frontier: Party[] = [start]
  // The array grows while it is walked: that is the queue of a breadth-first search.
  for (const from of frontier) {
    for (const edge of edgesFrom(from)) {
      if (edge.to === start) return pathTo(from, edge, cameFrom)
      if (cameFrom.has(edge.to)) continue
      cameFrom.set(edge.to, { from, edge })
      frontier.push(edge.to)
    }
  }
  return undefined
}

function pathTo<Party, Via>(
  last: Party,
  closing: WaitEdge<Party, Via>,
  cameFrom: ReadonlyMap<Party, { from: Party; edge: WaitEdge<Party, Via> }>,
): WaitEdge<Party, Via>[] {
  const path = [closing]
  for (let step = cameFrom.get(last); step !== undefined; step = cameFrom.get(step.from)) path.push(step.edge)
  return path.toReversed()
}
