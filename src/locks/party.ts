import type { LockMode } from '../contract/locks.ts'
import type { WaitEdge } from './wait-graph.ts'
import type { WaitQueue } from './wait-queue.ts'

/** A sequential task: the node of the wait-for graph. */
export interface Party {
  readonly owner: string
  readonly session: string | undefined
  readonly task: string | undefined
  readonly key: string | undefined
  readonly held: Set<Holder>
  /** Its calls of components whose answers it waits for. */
  readonly calls: Set<Call>
  waits: number
  waiting: Waiter | undefined
  /**
   * It has been seen to do two things at once, so that its waiting does not mean that it keeps what it holds: a cycle through it is
   * no certain deadlock, and only suspected.
   */
  concurrent: boolean
}

/** Whoever has it may be at work for a caller, who waits for that: `serves` is the caller's call. */
export interface Errand {
  party: Party
  serves: string | undefined
}

export interface Waiter extends Errand {
  readonly id: number
  readonly lock: Lock
  readonly mode: LockMode
  readonly waitingSince: number
  previous: Waiter | undefined
  next: Waiter | undefined
}

export interface Holder {
  readonly token: number
  readonly lock: Lock
  readonly mode: LockMode
  party: Party
  readonly since: number
}

export interface Lock {
  readonly name: string
  readonly holders: Set<Holder>
  readonly queue: WaitQueue<Waiter>
}

/** A call that was made under a lock, or for a call that was. */
export interface Call extends Errand {
  readonly id: string
  /** The component that is called. */
  readonly target: string
  /** It waits for the component to be loaded. */
  queued: boolean
}

export function newParty(owner: string, session?: string, task?: string): Party {
  return {
    owner,
    session,
    task,
    key: session === undefined ? undefined : partyKey(owner, session),
    held: new Set(),
    calls: new Set(),
    waits: 0,
    waiting: undefined,
    concurrent: false,
  }
}

export function partyKey(owner: string, session: string): string {
  return JSON.stringify([owner, session])
}

/** How the lock is held; undefined when it is free. */
export function modeOf(lock: Lock): LockMode | undefined {
  for (const holder of lock.holders) return holder.mode
  return undefined
}

export function admits(lock: Lock, mode: LockMode): boolean {
  const held = modeOf(lock)
  return held === undefined || (held === 'shared' && mode === 'shared')
}

/**
 * Whom a party waits for: those who work for its calls, and of its lock the holders, or, where readers hold it and a writer in the queue keeps
 * this reader out, that writer, which waits for them. Others ahead of it in the queue wait for those same holders, so they add nothing.
 *
 * @param workersOn who is at work for a call.
 * @param expanded the locks whose holders this search has been told of already.
 */
export function* edgesFrom(
  party: Party,
  workersOn: (call: Call) => Iterable<Errand>,
  expanded: Set<Lock>,
): Generator<WaitEdge<Party>, void, void> {
  if (party.concurrent) return
  for (const call of party.calls) {
    for (const errand of workersOn(call)) yield { to: errand.party, via: callOf(call) }
  }
  const { waiting } = party
  if (waiting === undefined || expanded.has(waiting.lock)) return
  const { lock } = waiting
  if (waiting.mode === 'shared' && modeOf(lock) === 'shared') {
    // Only a writer stands first in the queue of a lock that readers hold.
    if (lock.queue.first !== undefined) yield { to: lock.queue.first.party, via: lock.name }
    return
  }
  expanded.add(lock)
  for (const holder of lock.holders) yield { to: holder.party, via: lock.name }
}

/** A call in words, where a path of waits leads through it. */
export function callOf({ target }: Call): string {
  return `call of ${target}`
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

/** What a component that is being loaded does is done for all calls that wait for it. */
export function loadOf(component: string): string {
  return `load of ${component}`
}
