/** `exclusive`: one holder. `shared`: any number of shared holders and no exclusive one. */
export type LockMode = 'exclusive' | 'shared'

/** How a lock is asked for. */
export interface AcquireOptions {
  /** Default 'exclusive'. */
  readonly mode?: LockMode | undefined
  /** How long to wait, ms, default 5,000. 0: only if it is free now. Infinity: as long as it takes. */
  readonly timeout?: number | undefined
  /** Ends the wait; the acquire then rejects with the signal's reason. It has no effect once the lock is granted. */
  readonly signal?: AbortSignal | undefined
  /**
   * The sequential task that asks, by a name of the caller's choice: see `LockSession`. Default: the session whose `run` the
   * caller is in, else none.
   */
  readonly session?: string | undefined
}

/**
 * A lock that was granted. It is held until it is released, `using` releases it at the end of the block:
 *
 * ```ts
 * using lease = await locks.acquire('portfolio')
 * ```
 */
export interface LockLease extends Disposable, AsyncDisposable {
  readonly name: string
  readonly mode: LockMode
  /**
   * Fencing token: an integer larger than that of every earlier grant of this lock in this process. Pass it along
   * with what is written under the lock, and let the other side refuse one that is smaller than the largest it has seen.
   */
  readonly token: number
  /** False once the lease was released, or taken away by `forceRelease` or the end of its owner. */
  readonly held: boolean
  /** Aborted, with a StaleLockError as reason, when the lease is taken away; not when it is released. */
  readonly signal: AbortSignal
  /** Gives the lock back. Again, or after it was taken away, this does nothing. */
  release(): void
}

/** Several locks that were acquired together. */
export interface LockLeases extends Disposable, AsyncDisposable {
  /** One for each name, in the order they were acquired in: sorted by name. */
  readonly leases: readonly LockLease[]
  /** @throws InvalidOptionsError when `name` is not among them. */
  get(name: string): LockLease
  /** Releases all of them. */
  release(): void
}

/** What `coordinator.locks` and a component's `context.locks` have in common. */
export interface Locks {
  /**
   * @throws LockTimeoutError not granted in time (`suspectedCycle`: perhaps because of a deadlock), or a deadlock (then `cycle` is set).
   * @throws InvalidOptionsError
   * @throws CoordinatorShutdownError
   */
  acquire(name: string, options?: AcquireOptions): Promise<LockLease>
  /** Several locks in a fixed order, all or nothing; `timeout` is for all of them together. Throws as `acquire` does. */
  acquireAll(names: readonly string[], options?: AcquireOptions): Promise<LockLeases>
  /** A new session; `name` is for messages only. */
  session(name?: string): LockSession
}

/**
 * One sequential task that holds several locks at a time; what deadlock detection works on.
 *
 * That a program holds lock A while it waits for lock B says nothing by itself: the two may belong to different requests, and
 * the one that holds A may release it at any moment. Within a session it does: a session promises that it releases
 * nothing while it waits. So the deadlocks of sessions are found the moment they arise, and no wait is ever taken for a
 * deadlock that is none. A call that is served, by a component or by a callback of the main thread, is a session of its own, and so is a
 * component that is being loaded.
 *
 * A session waits for a lock, and for the answer to a call of a component or the next value of a stream that it asked for under a lock: a lock
 * that the component wants for that, and the session holds, is a deadlock too.
 *
 * Outside sessions a deadlock is a guess: a cycle of tasks of the main thread and of components, in which nothing has moved for a second
 * (`deadlockPatience`). It is told of, as suspected, and the waits go on until their timeouts.
 *
 * A session that is seen to break the promise (two acquires or calls at once, a release during a wait or a call), and a call that takes locks in
 * branches that it joins, is only guessed about. A branch that nobody has joined, and that sleeps while it holds, cannot be seen: it needs a
 * session of its own.
 */
export interface LockSession extends Disposable {
  /** What the locks know it by; may be given as `session` in the options of `acquire`. */
  readonly id: string
  /** As `acquire` of the locks, within this session. Rejects with an AbortError once the session is disposed. */
  acquire(name: string, options?: Omit<AcquireOptions, 'session'>): Promise<LockLease>
  /** As `acquireAll` of the locks, within this session. */
  acquireAll(names: readonly string[], options?: Omit<AcquireOptions, 'session'>): Promise<LockLeases>
  /** Runs `task`; every acquire of these locks that it makes, at any depth, belongs to this session. */
  run<Result>(task: () => Result): Result
  /** Ends its waits and releases what it still holds. */
  [Symbol.dispose](): void
}

/** The coordinator's locks as a component sees them. */
export interface ComponentLocks extends Locks {
  /**
   * Fulfils while `token` is that of a lease of the lock `name` that is still held, by whomever.
   *
   * @throws StaleLockError when it was released or taken away, or never given out.
   */
  verify(name: string, token: number): Promise<void>
}
