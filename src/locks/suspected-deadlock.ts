import { findCycle, type WaitEdge } from './wait-graph.ts'

/** A party that keeps others out of a lock. */
export interface Blocker {
  /** What its waits are found by. */
  readonly party: string
  readonly group: string
  /** Since when it does so, ms. */
  readonly since: number
}

/** Somebody waits for a lock. */
export interface LockWait {
  /** Larger than that of every older wait. */
  readonly id: number
  /** The parties it is a wait of: the task that waits, and its owner as a whole. */
  readonly parties: readonly string[]
  /** Parties of one group are one to others: what they do to each other is their own affair. */
  readonly group: string
  readonly label: string
  readonly lock: string
  readonly since: number
  readonly blockers: readonly Blocker[]
}

/**
 * A cycle of waits in which nothing has moved for `patience` ms: the youngest wait in it, and its path.
 *
 * Unlike the deadlocks of sessions, which are certain, this one is a guess: that a holder waits for something else does not prove that it cannot
 * release meanwhile. Time decides.
 *
 * @param now ms, by the clock of the waits.
 */
export function suspectedDeadlock(
  waits: readonly LockWait[],
  now: number,
  patience: number,
): { readonly id: number; readonly cycle: readonly string[] } | undefined {
  const long = (since: number): boolean => now - since >= patience
  const old = waits.filter(({ since }) => long(since))
  const byParty = new Map<string, LockWait[]>()
  for (const wait of old) {
    for (const party of wait.parties) {
      const known = byParty.get(party)
      if (known) known.push(wait)
      else byParty.set(party, [wait])
    }
  }
  function* edgesFrom({ lock, group, blockers }: LockWait): Generator<WaitEdge<LockWait>, void, void> {
    for (const blocker of blockers) {
      if (blocker.group === group || !long(blocker.since)) continue
      for (const to of byParty.get(blocker.party) ?? []) yield { to, via: lock }
    }
  }
  // Youngest first: a cycle that is found has no younger one in it.
  for (const youngest of old.toSorted((a, b) => b.id - a.id)) {
    const path = findCycle(youngest, edgesFrom)
    if (path) return { id: youngest.id, cycle: [youngest.label, ...path.flatMap(({ via, to }) => [via, to.label])] }
  }
  return undefined
}
