import { CoordinatorShutdownError, LockTimeoutError, StaleLockError } from '../contract/errors.ts'
import { afterDeadline, arrivalsTakenIn } from '../base/deadline.ts'
import { acquireAll } from './acquire-all.ts'
import type { LockLeases, AcquireOptions, LockLease, Locks, LockSession, LockMode } from '../contract/locks.ts'
import { checkLockName, checkToken, resolveAcquireOptions } from './acquire-options.ts'
import { CallLinks, type CallLink, type LinkedCall } from './call-links.ts'
import { DeadlockWatch } from './deadlock-watch.ts'
import { toldLock, type LockInfo } from './lock-info.ts'
import { LongHoldWatch } from './long-holds.ts'
import { Lease } from './lock-lease.ts'
import { resolveLockManagerOptions, type LockManagerOptions } from './lock-manager-options.ts'
import { TaskSession } from './lock-session.ts'
import { LockTable, type LockEffect, type LockEvent, type TaskOf } from './lock-table.ts'
import { labelOf } from './party.ts'
import { TaskContext, type LockUse } from './task-context.ts'

/** Counts since the manager was made; `held` and `waiting` are of now; waits in ms. */
export interface LockStats {
  readonly held: number
  readonly waiting: number
  readonly granted: number
  /** Requests that could not be granted at once. */
  readonly contended: number
  readonly released: number
  readonly timeouts: number
  /** Requests refused as a deadlock. */
  readonly deadlocks: number
  readonly suspectedDeadlocks: number
  readonly aborted: number
  /** Leases taken away, by `forceRelease` or because their owner was gone. */
  readonly revoked: number
  readonly longHolds: number
  readonly totalWait: number
  readonly longestWait: number
}

/** How an acquire that waits is settled. */
interface Waiting {
  readonly name: string
  readonly mode: LockMode
  readonly timeout: number
  readonly owner: string
  readonly session: string | undefined
  readonly use: Pick<LockUse, 'granted' | 'end'> | undefined
  readonly since: number
  readonly resolve: (lease: LockLease) => void
  readonly reject: (reason: unknown) => void
  /** Stops its timer and leaves its signal. */
  readonly detach: () => void
}

/** The locks as one owner sees them. */
export interface OwnerLocks extends Locks {
  readonly owner: string
}

/** Whose an acquire is that came from elsewhere, as far as it knows itself. */
export type RemoteTask = Pick<TaskOf, 'task' | 'serves' | 'parallel'>

const MOST_HOLDERS_NAMED = 5

/**
 * Named locks for the main thread and for components, first come first served, shared or exclusive.
 *
 * Locks live in this process only. They are not reentrant. A pending acquire with a timeout keeps the process alive, a manager
 * that is idle, or whose locks are held, does not.
 */
export class LockManager implements OwnerLocks, Disposable {
  readonly owner: string
  readonly #table: LockTable
  readonly #waiting = new Map<number, Waiting>()
  /** By their tokens. */
  readonly #leases = new Map<number, { readonly lease: Lease; readonly use: Waiting['use'] }>()
  readonly #longHolds: LongHoldWatch
  readonly #clock: () => number
  readonly #timeOf: (moment: number) => number
  /** Of this thread. */
  readonly #context: TaskContext
  readonly #calls: CallLinks
  readonly #deadlocks: DeadlockWatch
  #checking = false
  readonly #counts = {
    granted: 0,
    contended: 0,
    released: 0,
    timeouts: 0,
    deadlocks: 0,
    aborted: 0,
    revoked: 0,
    totalWait: 0,
    longestWait: 0,
  }
  #lastId = 0
  #lastSession = 0
  #closed = false

  /** @throws InvalidOptionsError */
  constructor(options: LockManagerOptions = {}) {
    const resolved = resolveLockManagerOptions(options)
    const { owner, clock, currentCaller } = resolved
    this.owner = owner
    this.#clock = clock
    this.#timeOf = resolved.timeOf
    this.#table = new LockTable(resolved.loadsWith)
    this.#context = new TaskContext(this, currentCaller, (session) => this.endSession(owner, session))
    this.#calls = new CallLinks(
      {
        called: (call) => this.called(owner, call),
        sent: (call) => this.callSent(call),
        over: (call) => this.callOver(call),
      },
      () => this.#context.maker(),
    )
    this.#deadlocks = new DeadlockWatch(
      resolved.deadlockPatience,
      () => this.#table.waits(),
      clock,
      resolved.onSuspectedDeadlock,
    )
    this.#longHolds = new LongHoldWatch(resolved.longHold, clock, resolved.onLongHold)
  }

  async acquire(name: string, options?: AcquireOptions): Promise<LockLease> {
    return this.#acquireHere(name, options)
  }

  async acquireAll(names: readonly string[], options?: AcquireOptions): Promise<LockLeases> {
    const session = this.#context.session(options?.session) === undefined ? this.#sessionId('all') : options?.session
    return acquireAll(async (name, each) => this.#acquireHere(name, each), names, { ...options, session })
  }

  session(name?: string): LockSession {
    return this.#session(this, name, this.#context.currentCaller)
  }

  /** The same locks for another owner, a component say; `releaseOwner` ends all it has. */
  for(owner: string): OwnerLocks {
    checkLockName(owner, 'owner')
    const locks: OwnerLocks = {
      owner,
      acquire: async (name, options = {}) =>
        this.acquireFor(owner, name, { ...options, session: options.session ?? TaskSession.currentId(locks) }),
      acquireAll: async (names, options = {}) => {
        const session = options.session ?? TaskSession.currentId(locks) ?? this.#sessionId('all')
        return acquireAll(async (name, each) => locks.acquire(name, each), names, { ...options, session })
      },
      session: (name) => this.#session(locks, name),
    }
    return locks
  }

  /** For locks that are served to another thread: an acquire of the owner, and what its thread knows about whose it is. */
  async acquireFor(owner: string, name: string, options: AcquireOptions, from?: RemoteTask): Promise<LockLease> {
    return this.#acquire(name, options, (session) => ({ asker: { ...from, owner, session } }))
  }

  /** For callers of components: links a call that is about to be made with what the one who makes it holds. Undefined: nothing, and nobody waits for it. */
  linkCall(component: string, queued: boolean): CallLink | undefined {
    return this.#calls.open(component, queued)
  }

  /** For locks that are served to another thread: the owner waits for a component's answer. */
  called(owner: string, call: LinkedCall): void {
    this.#apply({ ...call, type: 'call', owner })
  }

  callSent(id: string): void {
    this.#apply({ type: 'call-sent', id })
  }

  callOver(id: string): void {
    this.#apply({ type: 'call-over', id })
  }

  /**
   * Does nothing while `token` is that of a lease of the lock `name` that is still held.
   *
   * @throws StaleLockError when it was released or taken away, or never given out.
   */
  verify(name: string, token: number): void {
    checkLockName(name)
    checkToken(token)
    if (!this.#table.isCurrent(name, token)) throw new StaleLockError(name, token)
  }

  /** Takes the lock from all of its holders, whose tokens are stale from then on; its waiters go on. Returns from how many. */
  forceRelease(name: string): number {
    checkLockName(name)
    return this.#apply({ type: 'force-release', name })
  }

  /**
   * The owner is gone: releases all that it holds and ends all its waits, which reject with `reason`.
   * Returns how many leases it had.
   */
  releaseOwner(
    owner: string,
    reason: unknown = new DOMException(`The owner "${owner}" of the lock request is gone`, 'AbortError'),
  ): number {
    checkLockName(owner, 'owner')
    return this.#apply({ type: 'release-owner', owner }, reason)
  }

  /** The session is over, and what it has is its owner's at large. */
  endSession(owner: string, session: string): void {
    this.#apply({ type: 'end-session', owner, session })
  }

  /** Every lock that is held, with its holders and waiters. Times are ms since the epoch. */
  list(): LockInfo[] {
    return this.#table.list().map((lock) => toldLock(lock, this.#timeOf))
  }

  stats(): LockStats {
    return {
      held: this.#table.held,
      waiting: this.#table.waiting,
      ...this.#counts,
      suspectedDeadlocks: this.#deadlocks.reported,
      longHolds: this.#longHolds.reported,
    }
  }

  /** Rejects every waiter, and every later acquire, with a CoordinatorShutdownError. Leases stay held. Idempotent. */
  close(): void {
    this.#closed = true
    this.#longHolds.stop()
    this.#deadlocks.stop()
    this.#apply({ type: 'close' })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #acquireHere(name: string, options?: AcquireOptions): Promise<LockLease> {
    return this.#acquire(name, options, (given) => {
      const use = this.#context.ask(given)
      return { asker: { ...use.asker, owner: this.owner }, use }
    })
  }

  async #acquire(
    name: string,
    options: AcquireOptions | undefined,
    ask: (session: string | undefined) => { readonly asker: TaskOf; readonly use?: LockUse },
  ): Promise<LockLease> {
    checkLockName(name)
    const { mode, timeout, signal, session: given } = resolveAcquireOptions(options)
    if (this.#closed) throw new CoordinatorShutdownError()
    signal?.throwIfAborted()
    const { asker, use } = ask(given)
    const { owner, session } = asker
    const id = (this.#lastId += 1)
    const { promise, resolve, reject } = Promise.withResolvers<LockLease>()
    const onTimeout = (): void => this.#giveUp(id, 'timeouts')
    const onAbort = (): void => this.#giveUp(id, 'aborted', signal?.reason)
    let stopTimer: (() => void) | undefined
    const detach = (): void => {
      stopTimer?.()
      signal?.removeEventListener('abort', onAbort)
    }
    this.#waiting.set(id, { name, mode, timeout, owner, session, use, since: this.#clock(), resolve, reject, detach })
    this.#apply({ ...asker, type: 'request', id, name, mode })
    if (this.#waiting.has(id)) {
      this.#counts.contended += 1
      if (timeout === 0) {
        onTimeout()
      } else {
        // A release that had arrived by then counts.
        if (timeout !== Infinity) stopTimer = afterDeadline(timeout, onTimeout)
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#deadlocks.start()
      }
    }
    use?.until(promise)
    return promise
  }

  #session(locks: Locks, name = 'session', surroundings?: () => unknown): LockSession {
    checkLockName(name)
    return new TaskSession(locks, this.#sessionId(name), surroundings)
  }

  #sessionId(name: string): string {
    this.#lastSession += 1
    return `${name}#${this.#lastSession}`
  }

  #giveUp(id: number, why: 'timeouts' | 'aborted', reason?: unknown): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    const error = why === 'aborted' ? reason : this.#timedOut(id, waiting)
    this.#counts[why] += 1
    this.#settle(id, waiting)
    this.#apply({ type: 'cancel', id })
    waiting.reject(error)
  }

  #timedOut(id: number, { name, timeout }: Waiting): LockTimeoutError {
    const suspectedCycle = this.#deadlocks.cycleOf(id, timeout)
    return new LockTimeoutError(name, timeout, { heldBy: this.#holdersOf(name), suspectedCycle })
  }

  #holdersOf(name: string): string[] {
    const now = this.#clock()
    const holders = this.#table.info(name)?.holders ?? []
    const named = holders
      .slice(0, MOST_HOLDERS_NAMED)
      .map((holder) => `${labelOf(holder)} (for ${Math.round(now - holder.since)} ms)`)
    return holders.length > named.length ? [...named, `${holders.length - named.length} more`] : named
  }

  /** Returns how many leases the event took away. */
  #apply(event: LockEvent, reason?: unknown): number {
    const revoked: Lease[] = []
    for (const effect of this.#table.apply(event, this.#clock())) {
      if (effect.type === 'revoked') {
        const lease = this.#forget(effect.token)
        if (lease !== undefined) revoked.push(lease)
      } else {
        this.#settleWith(effect, reason)
      }
    }
    this.#counts.revoked += revoked.length
    if (this.#table.unchecked) this.#checkSoon()
    // Last: the listeners of their signals are the user's code and may come back here.
    for (const lease of revoked) lease.revoke()
    return revoked.length
  }

  /** Not before all that has arrived was taken in: somebody in the cycle may have given up. */
  #checkSoon(): void {
    if (this.#checking) return
    this.#checking = true
    void arrivalsTakenIn().then(() => {
      this.#checking = false
      this.#apply({ type: 'check' })
    })
  }

  #settleWith(effect: Exclude<LockEffect, { type: 'revoked' }>, reason: unknown): void {
    const waiting = this.#waiting.get(effect.id)
    if (waiting === undefined) return
    this.#settle(effect.id, waiting, effect.type === 'granted')
    switch (effect.type) {
      case 'granted':
        this.#counts.granted += 1
        waiting.resolve(this.#lease(waiting, effect.token))
        break
      case 'deadlock': {
        this.#counts.deadlocks += 1
        const { cycle } = effect
        waiting.reject(new LockTimeoutError(waiting.name, waiting.timeout, { cycle }))
        break
      }
      case 'dropped':
        waiting.reject(effect.cause === 'closed' ? new CoordinatorShutdownError() : reason)
        break
    }
  }

  #settle(id: number, waiting: Waiting, granted = false): void {
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#deadlocks.stop()
    waiting.detach()
    if (granted) waiting.use?.granted()
    else waiting.use?.end()
  }

  #lease(waiting: Waiting, token: number): Lease {
    const now = this.#clock()
    const waited = now - waiting.since
    this.#counts.totalWait += waited
    this.#counts.longestWait = Math.max(this.#counts.longestWait, waited)
    const lease = new Lease(waiting.name, waiting.mode, token, () => {
      this.#counts.released += 1
      this.#forget(token)
      this.#apply({ type: 'release', token })
    })
    this.#leases.set(token, { lease, use: waiting.use })
    this.#longHolds.add(token, {
      name: waiting.name,
      mode: waiting.mode,
      owner: waiting.owner,
      session: waiting.session,
      since: now,
    })
    return lease
  }

  #forget(token: number): Lease | undefined {
    const known = this.#leases.get(token)
    this.#leases.delete(token)
    this.#longHolds.delete(token)
    known?.use?.end()
    return known?.lease
  }
}
