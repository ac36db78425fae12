import { findCycle, type WaitEdge } from './wait-graph.ts'

/** A party that keeps others out of a lock. */
export interface Blocker {
  /** What its waits are found by. */
  readonly party: string
  readonly group: string
  /** Since when it does so, ms. */
  readonly since: number
}

/** A party that a wait is one of. */
export interface Waited {
  readonly party: string
  /** Through which calls that party waits: it, a call, a party, a call ... up to, and without, who waits for the lock. */
  readonly path: readonly string[]
}

/** Somebody waits for a lock. */
export interface LockWait {
  /** Larger than that of every older wait. */
  readonly id: number
  /** The parties it is a wait of: the task that waits, its owner as a whole, and those who wait for it. */
  readonly waited: readonly Waited[]
  /** Parties of one group are one to others: what they do to each other is their own affair. */
  readonly group: string
  readonly label: string
  readonly lock: string
  readonly since: number
  readonly blockers: readonly Blocker[]
}

/** A cycle of waits in which nothing has moved for a while. */
export interface SuspectedDeadlock {
  /** Of the waits in it, the one it was found from first. */
  readonly ids: readonly number[]
  /** task, lock, task, lock, ... and the first task again. */
  readonly cycle: readonly string[]
}

/**
 * Cycles of waits in which nothing has moved for `patience` ms; no two from one wait.
 *
 * Unlike the deadlocks of sessions, which are certain, these are guesses: that a holder waits for something else does not prove that it
 * cannot release meanwhile. So nobody is refused for them.
 *
 * @param now ms, by the clock of the waits.
 * @param from looks only at cycles through the wait of that id.
 */
export function suspectedDeadlocks(
  waits: readonly LockWait[],
  now: number,
  patience: number,
  from?: number,
): SuspectedDeadlock[] {
  const long = (since: number): boolean => now - since >= patience
  const old = waits.filter(({ since }) => long(since))
  const byParty = new Map<string, { readonly wait: LockWait; readonly path: readonly string[] }[]>()
  for (const wait of old) {
    for (const { party, path } of wait.waited) {
      const known = byParty.get(party)
      if (known) known.push({ wait, path })
      else byParty.set(party, [{ wait, path }])
    }
  }
  function* edgesFrom({
    lock,
    group,
    waited,
    blockers,
  }: LockWait): Generator<WaitEdge<LockWait, readonly string[]>, void, void> {
    for (const blocker of blockers) {
      const itself =
        blocker.group === group || waited.some(({ party, path }) => path.length === 0 && party === blocker.party)
      if (itself || !long(blocker.since)) continue
      for (const { wait, path } of byParty.get(blocker.party) ?? []) yield { to: wait, via: [lock, ...path] }
    }
  }
  const found: SuspectedDeadlock[] = []
  const known = new Set<number>()
  // Youngest first: a cycle that is found has no younger one in it.
  for (const start of old.toSorted((a, b) => b.id - a.id)) {
    if (known.has(start.id) || (from !== undefined && start.id !== from)) continue
    const path = findCycle(start, edgesFrom)
    if (path === undefined) continue
    for (const { to } of path) known.add(to.id)
    found.push({
      ids: [start.id, ...path.slice(0, -1).map(({ to }) => to.id)],
      cycle: [start.label, ...path.flatMap(({ via, to }) => [...via, to.label])],
    })
  }
  return found
}
