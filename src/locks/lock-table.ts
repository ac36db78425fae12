import type { LockWait } from './suspected-deadlock.ts'
import { findCycle, type WaitEdge } from './wait-graph.ts'
import { WaitQueue } from './wait-queue.ts'

/** `exclusive`: one holder. `shared`: any number of shared holders and no exclusive one. */
export type LockMode = 'exclusive' | 'shared'

/** What happens to the table. Times are those of the caller's clock, ms. */
export type LockEvent =
  | {
      readonly type: 'request'
      /** Unique, and larger than the id of every earlier request. */
      readonly id: number
      readonly name: string
      readonly mode: LockMode
      readonly owner: string
      /** The sequential task that asks; without one the request is a task of its own. */
      readonly session?: string | undefined
      /** What the request seems to be part of; for guesses only. */
      readonly task?: string | undefined
    }
  /** The session of the holder is over, and left it to its owner. */
  | { readonly type: 'leave'; readonly token: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'release'; readonly token: number }
  | { readonly type: 'force-release'; readonly name: string }
  | { readonly type: 'release-owner'; readonly owner: string }
  | { readonly type: 'close' }

/** What follows from an event, in order. */
export type LockEffect =
  | { readonly type: 'granted'; readonly id: number; readonly token: number }
  /** Refused: to wait would have been a deadlock. `cycle`: task, lock, task, lock, ... and the first task again. */
  | { readonly type: 'deadlock'; readonly id: number; readonly cycle: readonly string[] }
  | { readonly type: 'dropped'; readonly id: number; readonly cause: 'owner-gone' | 'closed' }
  | { readonly type: 'revoked'; readonly token: number; readonly cause: 'owner-gone' | 'forced' }

/** A lock as `list()` shows it. `since` is the time of the grant, `waitingSince` that of the request. */
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

/** A sequential task: the node of the wait-for graph. */
interface Party {
  readonly owner: string
  readonly session: string | undefined
  readonly task: string | undefined
  readonly key: string | undefined
  readonly held: Set<Holder>
  waits: number
  waiting: Waiter | undefined
  /**
   * It has been seen to do two things at once, so that its waiting does not mean that it keeps what it holds: it is
   * taken to be able to go on, which can hide a deadlock (its timeout ends that) and never invents one.
   */
  concurrent: boolean
}

interface Waiter {
  readonly id: number
  readonly lock: Lock
  readonly mode: LockMode
  readonly party: Party
  readonly waitingSince: number
  previous: Waiter | undefined
  next: Waiter | undefined
}

interface Holder {
  readonly token: number
  readonly lock: Lock
  readonly mode: LockMode
  party: Party
  readonly since: number
}

interface Lock {
  readonly name: string
  readonly holders: Set<Holder>
  readonly queue: WaitQueue<Waiter>
}

/**
 * Who holds which lock and who waits for it, as a state machine without timers or promises: `apply` takes an event and
 * says what follows from it.
 *
 * A lock serves its requests first come, first served: a shared request does not pass a waiting exclusive one, so
 * writers do not starve. Tokens are drawn from one counter, so they strictly increase for each lock and a lock that
 * nobody holds or waits for takes no memory.
 *
 * Deadlocks are looked for when a request has to wait, since only a new wait can close a cycle; the newcomer is then
 * the youngest waiter in it, and is the one refused.
 */
export class LockTable {
  readonly #locks = new Map<string, Lock>()
  readonly #waiters = new Map<number, Waiter>()
  readonly #holders = new Map<number, Holder>()
  readonly #parties = new Map<string, Party>()
  #lastToken = 0

  get held(): number {
    return this.#holders.size
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** @param now time of the event, ms, on any clock that does not run backwards. */
  apply(event: LockEvent, now: number): LockEffect[] {
    const effects: LockEffect[] = []
    switch (event.type) {
      case 'request':
        this.#request(event, now, effects)
        break
      case 'cancel': {
        const waiter = this.#waiters.get(event.id)
        if (waiter !== undefined) {
          this.#removeWaiter(waiter)
          this.#grant(waiter.lock, now, effects)
        }
        break
      }
      case 'release': {
        const holder = this.#holders.get(event.token)
        if (holder !== undefined) {
          if (holder.party.waits > 0) holder.party.concurrent = true
          this.#removeHolder(holder)
          this.#grant(holder.lock, now, effects)
        }
        break
      }
      case 'leave':
        this.#leave(event.token)
        break
      case 'force-release': {
        const lock = this.#locks.get(event.name)
        if (lock !== undefined) {
          for (const holder of lock.holders) {
            this.#removeHolder(holder)
            effects.push({ type: 'revoked', token: holder.token, cause: 'forced' })
          }
          this.#grant(lock, now, effects)
        }
        break
      }
      case 'release-owner':
        this.#releaseOwner(event.owner, now, effects)
        break
      case 'close':
        for (const waiter of this.#waiters.values()) {
          this.#removeWaiter(waiter)
          effects.push({ type: 'dropped', id: waiter.id, cause: 'closed' })
        }
        break
    }
    return effects
  }

  /** True while `token` is the token of a holder of the lock `name`. */
  isCurrent(name: string, token: number): boolean {
    return this.#holders.get(token)?.lock.name === name
  }

  info(name: string): LockInfo | undefined {
    const lock = this.#locks.get(name)
    return lock && describe(lock)
  }

  list(): LockInfo[] {
    return [...this.#locks.values()].map((lock) => describe(lock))
  }

  /** Who waits for whom, as far as it seems; see suspectedDeadlock. */
  waits(): LockWait[] {
    return [...this.#waiters.values()]
      .filter(({ party }) => !party.concurrent)
      .map((waiter) => ({
        id: waiter.id,
        parties: [partyName(waiter.party), waiter.party.owner],
        group: groupOf(waiter.party),
        label: labelOf(waiter.party),
        lock: waiter.lock.name,
        since: waiter.waitingSince,
        blockers: blockersOf(waiter),
      }))
  }

  #leave(token: number): void {
    const holder = this.#holders.get(token)
    if (holder === undefined) return
    holder.party.held.delete(holder)
    this.#unclaim(holder.party)
    holder.party = this.#party(holder.party.owner, undefined)
    holder.party.held.add(holder)
  }

  #request(event: LockEvent & { type: 'request' }, now: number, effects: LockEffect[]): void {
    const lock = this.#lock(event.name)
    const party = this.#party(event.owner, event.session, event.task)
    const waiter: Waiter = {
      id: event.id,
      lock,
      mode: event.mode,
      party,
      waitingSince: now,
      previous: undefined,
      next: undefined,
    }
    if (party.waits > 0) party.concurrent = true
    this.#addWaiter(waiter)
    this.#grant(lock, now, effects)
    if (!this.#waiters.has(waiter.id)) return
    const cycle = this.#cycleFrom(party)
    if (cycle === undefined) return
    this.#removeWaiter(waiter)
    effects.push({ type: 'deadlock', id: waiter.id, cycle })
  }

  #releaseOwner(owner: string, now: number, effects: LockEffect[]): void {
    const touched = new Set<Lock>()
    for (const waiter of this.#waiters.values()) {
      if (waiter.party.owner !== owner) continue
      this.#removeWaiter(waiter)
      touched.add(waiter.lock)
      effects.push({ type: 'dropped', id: waiter.id, cause: 'owner-gone' })
    }
    for (const holder of this.#holders.values()) {
      if (holder.party.owner !== owner) continue
      this.#removeHolder(holder)
      touched.add(holder.lock)
      effects.push({ type: 'revoked', token: holder.token, cause: 'owner-gone' })
    }
    for (const lock of touched) this.#grant(lock, now, effects)
  }

  /** Grants to the head of the queue as long as it is compatible with the holders, and forgets a lock nobody uses. */
  #grant(lock: Lock, now: number, effects: LockEffect[]): void {
    for (let head = lock.queue.first; head !== undefined && admits(lock, head.mode); head = lock.queue.first) {
      this.#removeWaiter(head)
      this.#lastToken += 1
      const holder: Holder = { token: this.#lastToken, lock, mode: head.mode, party: head.party, since: now }
      lock.holders.add(holder)
      this.#holders.set(holder.token, holder)
      this.#claim(head.party)
      head.party.held.add(holder)
      effects.push({ type: 'granted', id: head.id, token: holder.token })
    }
    if (lock.holders.size === 0 && lock.queue.first === undefined) this.#locks.delete(lock.name)
  }

  #cycleFrom(start: Party): string[] | undefined {
    // It stands last in its queue: others can only wait for it by what it holds. Mostly nobody does.
    if (!start.held.values().some((holder) => holder.lock.queue.first !== undefined)) return undefined
    const expanded = new Set<Lock>()
    const path = findCycle(start, (party) => edgesFrom(party, expanded))
    if (path === undefined) return undefined
    return [labelOf(start), ...path.flatMap((edge) => [edge.via, labelOf(edge.to)])]
  }

  #addWaiter(waiter: Waiter): void {
    this.#waiters.set(waiter.id, waiter)
    waiter.lock.queue.push(waiter)
    this.#claim(waiter.party)
    waiter.party.waits += 1
    waiter.party.waiting = waiter
  }

  #removeWaiter(waiter: Waiter): void {
    this.#waiters.delete(waiter.id)
    waiter.lock.queue.remove(waiter)
    waiter.party.waits -= 1
    if (waiter.party.waiting === waiter) waiter.party.waiting = undefined
    this.#unclaim(waiter.party)
  }

  #removeHolder(holder: Holder): void {
    this.#holders.delete(holder.token)
    holder.lock.holders.delete(holder)
    holder.party.held.delete(holder)
    this.#unclaim(holder.party)
  }

  #lock(name: string): Lock {
    let lock = this.#locks.get(name)
    if (lock === undefined) {
      lock = { name, holders: new Set(), queue: new WaitQueue() }
      this.#locks.set(name, lock)
    }
    return lock
  }

  #party(owner: string, session: string | undefined, task?: string): Party {
    const key = session === undefined ? undefined : JSON.stringify([owner, session])
    const known = key === undefined ? undefined : this.#parties.get(key)
    return known ?? { owner, session, task, key, held: new Set(), waits: 0, waiting: undefined, concurrent: false }
  }

  #claim(party: Party): void {
    if (party.key !== undefined) this.#parties.set(party.key, party)
  }

  #unclaim(party: Party): void {
    if (party.key !== undefined && party.held.size === 0 && party.waits === 0) this.#parties.delete(party.key)
  }
}

/** How the lock is held; undefined when it is free. */
function modeOf(lock: Lock): LockMode | undefined {
  for (const holder of lock.holders) return holder.mode
  return undefined
}

function admits(lock: Lock, mode: LockMode): boolean {
  const held = modeOf(lock)
  return held === undefined || (held === 'shared' && mode === 'shared')
}

/**
 * Whom a party waits for: the holders of the lock, or, where readers hold it and a writer in the queue keeps this reader
 * out, that writer, which waits for them. Others ahead of it in the queue wait for those same holders, so they add nothing.
 * `expanded`: the locks whose holders this search has been told of already.
 */
function* edgesFrom(party: Party, expanded: Set<Lock>): Generator<WaitEdge<Party>, void, void> {
  const { waiting } = party
  if (waiting === undefined || party.concurrent || expanded.has(waiting.lock)) return
  const { lock } = waiting
  if (waiting.mode === 'shared' && modeOf(lock) === 'shared') {
    // Only a writer stands first in the queue of a lock that readers hold.
    if (lock.queue.first !== undefined) yield { to: lock.queue.first.party, via: lock.name }
    return
  }
  expanded.add(lock)
  for (const holder of lock.holders) yield { to: holder.party, via: lock.name }
}

/** What the waits of a party are found by; of one that is neither a session nor a task: all waits of its owner. */
function partyName({ owner, session, task }: Party): string {
  const own = session ?? task
  return own === undefined ? owner : JSON.stringify([owner, own])
}

/** The tasks of an owner are strangers to each other; what is the owner's at large is one. */
function groupOf(party: Party): string {
  return party.task === undefined ? party.owner : partyName(party)
}

function blockersOf({ mode, lock }: Waiter): LockWait['blockers'] {
  const first = lock.queue.first
  if (mode === 'shared' && modeOf(lock) === 'shared') {
    return first ? [{ party: partyName(first.party), group: groupOf(first.party), since: first.waitingSince }] : []
  }
  return [...lock.holders].map(({ party, since }) => ({ party: partyName(party), group: groupOf(party), since }))
}

/** A party in words: its owner, and its session where it has one. */
export function labelOf(party: {
  readonly owner: string
  readonly session: string | undefined
  readonly task?: string | undefined
}): string {
  const own = party.session ?? party.task
  return own === undefined ? party.owner : `${party.owner}/${own}`
}

function describe(lock: Lock): LockInfo {
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
