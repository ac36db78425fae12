import { describeLock, describeWait, type LockInfo } from './lock-info.ts'
import {
  admits,
  edgesFrom,
  labelOf,
  loadOf,
  newParty,
  partyKey,
  type Call,
  type Errand,
  type Holder,
  type Lock,
  type Party,
  type Waiter,
} from './party.ts'
import type { LockMode } from '../contract/locks.ts'
import type { LockWait } from './suspected-deadlock.ts'
import { findCycle } from './wait-graph.ts'
import { WaitQueue } from './wait-queue.ts'

/** Whose something is: a sequential task of an owner where `session` names one, else what only seems to be one, for guesses. */
export interface TaskOf {
  readonly owner: string
  readonly session?: string | undefined
  readonly task?: string | undefined
  /** The call on whose behalf it is done: whoever made that waits for it. */
  readonly serves?: string | undefined
  /** The session has been seen not to be sequential. */
  readonly parallel?: boolean | undefined
}

/** What happens to the table. Times are those of the caller's clock, ms. */
export type LockEvent =
  | ({
      readonly type: 'request'
      /** Unique, and larger than the id of every earlier request. */
      readonly id: number
      readonly name: string
      readonly mode: LockMode
    } & TaskOf)
  /** Somebody waits for the answer of a component. `queued`: the component has yet to be loaded. Ids are unique. */
  | ({ readonly type: 'call'; readonly id: string; readonly target: string; readonly queued: boolean } & TaskOf)
  | { readonly type: 'call-sent'; readonly id: string }
  /** Nobody waits for the call any more, for whatever reason. */
  | { readonly type: 'call-over'; readonly id: string }
  /** Looks for deadlocks among all that has come since the last check. */
  | { readonly type: 'check' }
  /** The session is over, and leaves what it has to its owner: nobody waits for that. */
  | { readonly type: 'end-session'; readonly owner: string; readonly session: string }
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

/**
 * Who holds which lock and who waits for it, as a state machine without timers or promises: `apply` takes an event and
 * says what follows from it.
 *
 * A lock serves its requests first come, first served: a shared request does not pass a waiting exclusive one, so
 * writers do not starve. Tokens are drawn from one counter, so they strictly increase for each lock and a lock that
 * nobody holds or waits for takes no memory.
 *
 * Only a new wait can close a cycle: deadlocks are looked for among those that came since the last `check`, and the youngest
 * request in each is refused. That is no part of the request itself, so that whoever gives up in the same moment is heard first.
 */
export class LockTable {
  readonly #locks = new Map<string, Lock>()
  readonly #waiters = new Map<number, Waiter>()
  readonly #holders = new Map<number, Holder>()
  readonly #parties = new Map<string, Party>()
  readonly #calls = new Map<string, Call>()
  /** Who is at work for whom: by what they serve. */
  readonly #errands = new Map<string, Set<Errand>>()
  /** They have begun to wait since the last check. */
  readonly #unchecked = new Set<Party>()
  readonly #loadsWith: (component: string) => Iterable<string>
  #lastToken = 0

  /** @param loadsWith the components that are loaded before a call of `component` is begun, itself included. */
  constructor(loadsWith: (component: string) => Iterable<string> = (component) => [component]) {
    this.#loadsWith = loadsWith
  }

  get held(): number {
    return this.#holders.size
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Something has begun to wait since the last check. */
  get unchecked(): boolean {
    return this.#unchecked.size > 0
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
          if (holder.party.waits > 0 || holder.party.calls.size > 0) holder.party.concurrent = true
          this.#removeHolder(holder)
          this.#grant(holder.lock, now, effects)
        }
        break
      }
      case 'call':
        this.#call(event)
        break
      case 'call-sent': {
        const call = this.#calls.get(event.id)
        if (call) call.queued = false
        break
      }
      case 'call-over': {
        const call = this.#calls.get(event.id)
        if (call) this.#removeCall(call)
        break
      }
      case 'check':
        this.#check(now, effects)
        break
      case 'end-session':
        this.#endSession(event.owner, event.session)
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

  /** True while the session holds or waits for a lock, or waits for a call. */
  isBusy(owner: string, session: string): boolean {
    return this.#parties.has(partyKey(owner, session))
  }

  info(name: string): LockInfo | undefined {
    const lock = this.#locks.get(name)
    return lock && describeLock(lock)
  }

  list(): LockInfo[] {
    return [...this.#locks.values()].map((lock) => describeLock(lock))
  }

  /** Who waits for whom, as far as it seems; see suspectedDeadlock. */
  waits(): LockWait[] {
    return [...this.#waiters.values()].map((waiter) => describeWait(waiter, (id) => this.#calls.get(id)))
  }

  #request(event: LockEvent & { type: 'request' }, now: number, effects: LockEffect[]): void {
    const lock = this.#lock(event.name)
    const party = this.#busier(event)
    const waiter: Waiter = {
      id: event.id,
      lock,
      mode: event.mode,
      party,
      serves: event.serves,
      waitingSince: now,
      previous: undefined,
      next: undefined,
    }
    this.#addWaiter(waiter)
    this.#grant(lock, now, effects)
    if (this.#waiters.has(waiter.id)) this.#unchecked.add(party)
  }

  #call(event: LockEvent & { type: 'call' }): void {
    const party = this.#busier(event)
    const call: Call = { id: event.id, target: event.target, queued: event.queued, party, serves: event.serves }
    this.#claim(party)
    party.calls.add(call)
    this.#calls.set(call.id, call)
    this.#addErrand(call)
    this.#unchecked.add(party)
  }

  #endSession(owner: string, session: string): void {
    const party = this.#parties.get(partyKey(owner, session))
    if (party === undefined) return
    for (const holder of party.held) {
      party.held.delete(holder)
      holder.party = newParty(owner)
      holder.party.held.add(holder)
    }
    for (const call of party.calls) this.#removeCall(call)
    if (party.waits > 0) {
      for (const waiter of this.#waiters.values()) {
        if (waiter.party !== party) continue
        this.#removeErrand(waiter)
        waiter.serves = undefined
        waiter.party = { ...newParty(owner), waits: 1, waiting: waiter }
      }
      party.waits = 0
      party.waiting = undefined
    }
    this.#unclaim(party)
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
    for (const call of this.#calls.values()) if (call.party.owner === owner) this.#removeCall(call)
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

  #check(now: number, effects: LockEffect[]): void {
    for (const party of this.#unchecked) {
      for (let found = this.#deadlockOf(party); found !== undefined; found = this.#deadlockOf(party)) {
        const { waiter, cycle } = found
        this.#removeWaiter(waiter)
        effects.push({ type: 'deadlock', id: waiter.id, cycle })
        this.#grant(waiter.lock, now, effects)
      }
    }
    this.#unchecked.clear()
  }

  /** The youngest request of a cycle that leads through `start`, and the path from it back to it. */
  #deadlockOf(start: Party): { readonly waiter: Waiter; readonly cycle: readonly string[] } | undefined {
    // Of a cycle's youngest wait, others wait for who waits by what it holds, or because it works for them. Mostly nobody does.
    const { held, waiting, calls } = start
    const awaited =
      held.values().some((holder) => holder.lock.queue.first !== undefined) ||
      waiting?.serves !== undefined ||
      calls.values().some(({ serves }) => serves !== undefined)
    if (!awaited) return undefined
    const expanded = new Set<Lock>()
    const path = findCycle(start, (party) => edgesFrom(party, (call) => this.#workersOn(call), expanded))
    if (path === undefined) return undefined
    const requests = path.flatMap(({ to }) => to.waiting ?? [])
    if (requests.length === 0) return undefined
    const waiter = requests.reduce((youngest, each) => (each.id > youngest.id ? each : youngest))
    const turn = path.findIndex(({ to }) => to === waiter.party) + 1
    const fromThere = [...path.slice(turn), ...path.slice(0, turn)]
    return { waiter, cycle: [labelOf(waiter.party), ...fromThere.flatMap(({ via, to }) => [via, labelOf(to)])] }
  }

  *#workersOn(call: Call): Generator<Errand, void, void> {
    yield* this.#errands.get(call.id) ?? []
    if (!call.queued) return
    for (const component of this.#loadsWith(call.target)) yield* this.#errands.get(loadOf(component)) ?? []
  }

  #addWaiter(waiter: Waiter): void {
    this.#waiters.set(waiter.id, waiter)
    waiter.lock.queue.push(waiter)
    this.#claim(waiter.party)
    waiter.party.waits += 1
    waiter.party.waiting = waiter
    this.#addErrand(waiter)
  }

  #removeWaiter(waiter: Waiter): void {
    this.#waiters.delete(waiter.id)
    waiter.lock.queue.remove(waiter)
    waiter.party.waits -= 1
    if (waiter.party.waiting === waiter) waiter.party.waiting = undefined
    this.#removeErrand(waiter)
    this.#unclaim(waiter.party)
  }

  #removeCall(call: Call): void {
    this.#calls.delete(call.id)
    call.party.calls.delete(call)
    this.#removeErrand(call)
    this.#unclaim(call.party)
  }

  #addErrand(errand: Errand): void {
    if (errand.serves === undefined) return
    const known = this.#errands.get(errand.serves)
    if (known) known.add(errand)
    else this.#errands.set(errand.serves, new Set([errand]))
  }

  #removeErrand(errand: Errand): void {
    if (errand.serves === undefined) return
    const known = this.#errands.get(errand.serves)
    known?.delete(errand)
    if (known?.size === 0) this.#errands.delete(errand.serves)
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

  /** Whose the wait is that is about to begin. */
  #busier({ owner, session, task, parallel = false }: TaskOf): Party {
    const known = session === undefined ? undefined : this.#parties.get(partyKey(owner, session))
    const party = known ?? newParty(owner, session, task)
    party.concurrent ||= parallel || party.waits > 0 || party.calls.size > 0
    return party
  }

  #claim(party: Party): void {
    if (party.key !== undefined) this.#parties.set(party.key, party)
  }

  #unclaim(party: Party): void {
    if (party.held.size > 0 || party.waits > 0 || party.calls.size > 0) return
    this.#unchecked.delete(party)
    if (party.key !== undefined) this.#parties.delete(party.key)
  }
}
