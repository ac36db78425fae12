import { callOf, labelOf, modeOf, partyKey, type Call, type Lock, type Party, type Waiter } from './party.ts'
import type { LockMode } from '../contract/locks.ts'
import type { Blocker, LockWait, Waited } from './suspected-deadlock.ts'

/** A lock as `list()` shows it. `since` is the time of the grant, `waitingSince` that of the request; ms since the epoch. */
export interface LockInfo {
  readonly name: string
  readonly mode: LockMode
  readonly holders: readonly {
    readonly owner: string
    readonly session: string | undefined
    readonly token: number
    readonly since: number
  }[]
  /** In the order in which they will be served. */
  readonly waiters: readonly {
    readonly owner: string
    readonly session: string | undefined
    readonly mode: LockMode
    readonly waitingSince: number
  }[]
}

export function describeLock(lock: Lock): LockInfo {
  const holders = [...lock.holders].map(({ party, token, since }) => ({
    owner: party.owner,
    session: party.session,
    token,
    since,
  }))
  const waiters = [...lock.queue].map(({ party, mode, waitingSince }) => ({
    owner: party.owner,
    session: party.session,
    mode,
    waitingSince,
  }))
  return { name: lock.name, mode: modeOf(lock) ?? 'exclusive', holders, waiters }
}

/** The same with its times as `timeOf` tells them. */
export function toldLock(lock: LockInfo, timeOf: (moment: number) => number): LockInfo {
  return {
    ...lock,
    holders: lock.holders.map((holder) => ({ ...holder, since: timeOf(holder.since) })),
    waiters: lock.waiters.map((waiter) => ({ ...waiter, waitingSince: timeOf(waiter.waitingSince) })),
  }
}

/** A wait as the guess at deadlocks sees it. */
export function describeWait(waiter: Waiter, callWith: (id: string) => Call | undefined): LockWait {
  return {
    id: waiter.id,
    waited: [...waitedBy(waiter, callWith)],
    group: groupOf(waiter.party),
    label: labelOf(waiter.party),
    lock: waiter.lock.name,
    since: waiter.waitingSince,
    blockers: blockersOf(waiter),
  }
}

/** Whose wait it is: of who waits, of its owner as a whole, and of whoever made the call that it works for, and so on. */
function* waitedBy(waiter: Waiter, callWith: (id: string) => Call | undefined): Generator<Waited, void, void> {
  yield* waitedIn(waiter.party, [])
  const seen = new Set<Call>()
  let path: readonly string[] = []
  let { serves } = waiter
  for (let call = serves && callWith(serves); call && !seen.has(call); call = serves && callWith(serves)) {
    seen.add(call)
    path = [labelOf(call.party), callOf(call), ...path]
    yield* waitedIn(call.party, path)
    serves = call.serves
  }
}

function* waitedIn(party: Party, path: readonly string[]): Generator<Waited, void, void> {
  const own = partyName(party)
  yield { party: own, path }
  if (own !== party.owner) yield { party: party.owner, path }
}

/** What the waits of a party are found by; of one that is neither a session nor a task: all waits of its owner. */
function partyName({ owner, session, task }: Party): string {
  const own = session ?? task
  return own === undefined ? owner : partyKey(owner, own)
}

/** The tasks of an owner, and its sessions that are not sequential, are strangers to each other; the rest of an owner is one. */
function groupOf(party: Party): string {
  return party.task !== undefined || party.concurrent ? partyName(party) : party.owner
}

function blockersOf({ mode, lock }: Waiter): readonly Blocker[] {
  const first = lock.queue.first
  if (mode === 'shared' && modeOf(lock) === 'shared') {
    return first ? [{ party: partyName(first.party), group: groupOf(first.party), since: first.waitingSince }] : []
  }
  return [...lock.holders].map(({ party, since }) => ({ party: partyName(party), group: groupOf(party), since }))
}
