import { keepContext } from '../context.ts'
import { afterDeadline } from '../deadline.ts'
import { CoordinatorShutdownError, InvalidOptionsError, LockTimeoutError, StaleLockError } from '../errors.ts'
import { expectKnown } from '../options.ts'
import { acquireAll, type LockLeases } from './acquire-all.ts'
import { checkLockName, checkToken, resolveAcquireOptions, type AcquireOptions } from './acquire-options.ts'
import { LongHoldWatch, type LongHold } from './long-holds.ts'
import { Lease, type LockLease } from './lock-lease.ts'
import { LockSession, type Locks } from './lock-session.ts'
import { LockTasks, type LockTask } from './lock-tasks.ts'
import { suspectedDeadlock } from './suspected-deadlock.ts'
import { labelOf, LockTable, type LockEffect, type LockEvent, type LockInfo, type LockMode } from './lock-table.ts'

export interface LockManagerOptions {
  /** Whom the acquires made on the manager itself belong to. Default 'main'. */
  readonly owner?: string | undefined
  /** A lease held longer than this, ms, is reported once. Default 30,000. */
  readonly longHold?: number | undefined
  /** Where long holds are reported to. Default: nowhere. */
  readonly onLongHold?: ((hold: LongHold) => void) | undefined
  /**
   * How long a cycle of waits outside sessions must have stood still, ms, before it is taken for a deadlock; see `LockSession`. Infinity: never.
   * Default 1,000.
   */
  readonly deadlockPatience?: number | undefined
  /** Milliseconds since the epoch, never running backwards. */
  readonly clock?: (() => number) | undefined
}

/** Counts since the manager was made; `held` and `waiting` are of now; waits in ms. */
export interface LockStats {
  readonly held: number
  readonly waiting: number
  readonly granted: number
  /** Requests that could not be granted at once. */
  readonly contended: number
  readonly released: number
  readonly timeouts: number
  readonly deadlocks: number
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
  readonly task: LockTask | undefined
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

const MOST_HOLDERS_NAMED = 5

/**
 * Named locks for the main thread and for components, first come first served, shared or exclusive.
 *
 * Locks live in this process only. They are not reentrant. A pending acquire with a timeout keeps the process alive, a manager
 * that is idle, or whose locks are held, does not.
 */
export class LockManager implements OwnerLocks, Disposable {
  readonly owner: string
  readonly #table = new LockTable()
  readonly #waiting = new Map<number, Waiting>()
  readonly #leases = new Map<number, Lease>()
  readonly #longHolds: LongHoldWatch
  readonly #clock: () => number
  readonly #tasks = new LockTasks()
  /** By the tokens of what they hold. */
  readonly #holdingTasks = new Map<number, LockTask>()
  readonly #patience: number
  readonly #inContext = keepContext()
  #watch: NodeJS.Timeout | undefined
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
    expectKnown(options, ['owner', 'longHold', 'onLongHold', 'deadlockPatience', 'clock'])
    const { owner = 'main', longHold = 30_000, onLongHold, clock = epochClock, deadlockPatience = 1_000 } = options
    checkLockName(owner, 'owner')
    if (typeof longHold !== 'number' || !(longHold > 0 && longHold < 2 ** 31)) {
      throw new InvalidOptionsError('longHold', `milliseconds from 1 to ${2 ** 31 - 1}`, longHold)
    }
    if (typeof deadlockPatience !== 'number' || !(deadlockPatience > 0)) {
      throw new InvalidOptionsError('deadlockPatience', 'a positive number of milliseconds', deadlockPatience)
    }
    this.owner = owner
    this.#patience = deadlockPatience
    this.#clock = clock
    this.#longHolds = new LongHoldWatch(longHold, clock, onLongHold)
  }

  async acquire(name: string, options?: AcquireOptions): Promise<LockLease> {
    return this.#acquire(this.owner, this, name, options)
  }

  async acquireAll(names: readonly string[], options?: AcquireOptions): Promise<LockLeases> {
    return this.#acquireAll(this.owner, this, names, options)
  }

  session(name?: string): LockSession {
    return this.#session(this, name)
  }

  /** The same locks for another owner, a component say; `releaseOwner` ends all it has. */
  for(owner: string): OwnerLocks {
    checkLockName(owner, 'owner')
    const locks: OwnerLocks = {
      owner,
      acquire: async (name, options) => this.#acquire(owner, locks, name, options),
      acquireAll: async (names, options) => this.#acquireAll(owner, locks, names, options),
      session: (name) => this.#session(locks, name),
    }
    return locks
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

  /** The session that got the lease is over, and left it to its owner at large. */
  leave(token: number): void {
    checkToken(token)
    this.#apply({ type: 'leave', token })
  }

  /** Every lock that is held, with its holders and waiters. Times are ms since the epoch. */
  list(): LockInfo[] {
    return this.#table.list()
  }

  stats(): LockStats {
    return {
      held: this.#table.held,
      waiting: this.#table.waiting,
      ...this.#counts,
      longHolds: this.#longHolds.reported,
    }
  }

  /** Rejects every waiter, and every later acquire, with a CoordinatorShutdownError. Leases stay held. Idempotent. */
  close(): void {
    this.#closed = true
    this.#longHolds.stop()
    clearInterval(this.#watch)
    this.#watch = undefined
    this.#apply({ type: 'close' })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #acquire(owner: string, locks: Locks, name: string, options?: AcquireOptions): Promise<LockLease> {
    checkLockName(name)
    const { mode, timeout, signal, session = LockSession.currentId(locks) } = resolveAcquireOptions(options)
    if (this.#closed) throw new CoordinatorShutdownError()
    signal?.throwIfAborted()
    const task = locks === this && session === undefined ? this.#tasks.enter() : undefined
    const id = (this.#lastId += 1)
    const { promise, resolve, reject } = Promise.withResolvers<LockLease>()
    const onTimeout = (): void => this.#giveUp(id, 'timeouts')
    const onAbort = (): void => this.#giveUp(id, 'aborted', signal?.reason)
    let cancelTimeout: (() => void) | undefined
    const detach = (): void => {
      cancelTimeout?.()
      signal?.removeEventListener('abort', onAbort)
    }
    this.#waiting.set(id, { name, mode, timeout, owner, session, task, since: this.#clock(), resolve, reject, detach })
    this.#apply({ type: 'request', id, name, mode, owner, session, task: task?.id })
    if (this.#waiting.has(id)) {
      this.#counts.contended += 1
      if (timeout === 0) {
        onTimeout()
      } else {
        if (timeout !== Infinity) cancelTimeout = afterDeadline(timeout, onTimeout)
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#watchDeadlocks()
      }
    }
    if (task) {
      task.asking += 1
      // Not before whoever asked is about to be told.
      const told = (): void => void (task.asking -= 1)
      promise.then(told, told)
    }
    return promise
  }

  async #acquireAll(
    owner: string,
    locks: Locks,
    names: readonly string[],
    options: AcquireOptions = {},
  ): Promise<LockLeases> {
    const session = options.session ?? LockSession.currentId(locks) ?? this.#sessionId('all')
    return acquireAll((name, each) => this.#acquire(owner, locks, name, each), names, { ...options, session })
  }

  #session(locks: Locks, name = 'session'): LockSession {
    checkLockName(name)
    return new LockSession(locks, this.#sessionId(name))
  }

  #sessionId(name: string): string {
    this.#lastSession += 1
    return `${name}#${this.#lastSession}`
  }

  #giveUp(id: number, why: 'timeouts' | 'aborted', reason?: unknown): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    const error =
      why === 'aborted'
        ? reason
        : new LockTimeoutError(waiting.name, waiting.timeout, { heldBy: this.#holdersOf(waiting.name) })
    this.#counts[why] += 1
    this.#settle(id, waiting)
    this.#apply({ type: 'cancel', id })
    waiting.reject(error)
  }

  #watchDeadlocks(): void {
    if (this.#watch !== undefined || this.#patience === Infinity) return
    const interval = Math.min(this.#patience / 4, 2 ** 31 - 1)
    this.#watch = this.#inContext(() => setInterval(() => this.#breakDeadlocks(), interval))
    this.#watch.unref()
  }

  #breakDeadlocks(): void {
    for (;;) {
      const found = suspectedDeadlock(this.#table.waits(), this.#clock(), this.#patience)
      const waiting = found && this.#waiting.get(found.id)
      if (!waiting) break
      this.#counts.deadlocks += 1
      this.#settle(found.id, waiting)
      this.#apply({ type: 'cancel', id: found.id })
      waiting.reject(new LockTimeoutError(waiting.name, waiting.timeout, { cycle: found.cycle }))
    }
    if (this.#waiting.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
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
        const lease = this.#leases.get(effect.token)
        if (lease !== undefined) revoked.push(lease)
        this.#forget(effect.token)
      } else {
        this.#settleWith(effect, reason)
      }
    }
    this.#counts.revoked += revoked.length
    // Last: the listeners of their signals are the user's code and may come back here.
    for (const lease of revoked) lease.revoke()
    return revoked.length
  }

  #settleWith(effect: Exclude<LockEffect, { type: 'revoked' }>, reason: unknown): void {
    const waiting = this.#waiting.get(effect.id)
    if (waiting === undefined) return
    this.#settle(effect.id, waiting)
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

  #settle(id: number, waiting: Waiting): void {
    this.#waiting.delete(id)
    waiting.detach()
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
    this.#leases.set(token, lease)
    if (waiting.task) {
      waiting.task.holding += 1
      this.#holdingTasks.set(token, waiting.task)
    }
    this.#longHolds.add(token, {
      name: waiting.name,
      mode: waiting.mode,
      owner: waiting.owner,
      session: waiting.session,
      since: now,
    })
    return lease
  }

  #forget(token: number): void {
    this.#leases.delete(token)
    this.#longHolds.delete(token)
    const task = this.#holdingTasks.get(token)
    if (task) task.holding -= 1
    this.#holdingTasks.delete(token)
  }
}

function epochClock(): number {
  return performance.timeOrigin + performance.now()
}
