import { AsyncLocalStorage } from 'node:async_hooks'
import { acquireAll, type LockLeases } from './acquire-all.ts'
import { resolveAcquireOptions, type AcquireOptions } from './acquire-options.ts'
import type { LockLease } from './lock-lease.ts'

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
export class LockSession implements Disposable {
  static readonly #current = new AsyncLocalStorage<{ readonly session: LockSession; readonly within: unknown }>()

  /** What the locks know it by; may be given as `session` in the options of `acquire`. */
  readonly id: string
  readonly #locks: Locks
  /** The call that the thread is serving, or whatever else sets tasks apart. */
  readonly #surroundings: () => unknown
  readonly #end = new AbortController()
  #leases: LockLease[] = []

  constructor(locks: Locks, id: string, surroundings: () => unknown = () => undefined) {
    this.#locks = locks
    this.id = id
    this.#surroundings = surroundings
  }

  /** The id of the session of these locks in whose `run` the caller is. */
  static currentId(locks: Locks): string | undefined {
    const current = LockSession.#current.getStore()
    if (current === undefined) return undefined
    const { session, within } = current
    // A call that is served in a context which came from within a `run`, a callback's say, is a task of its own.
    return session.#locks === locks && session.#surroundings() === within ? session.id : undefined
  }

  /** As `acquire` of the locks, within this session. Rejects with an AbortError once the session is disposed. */
  async acquire(name: string, options?: Omit<AcquireOptions, 'session'>): Promise<LockLease> {
    const { mode, timeout, signal } = resolveAcquireOptions(options)
    const lease = await this.#locks.acquire(name, {
      mode,
      timeout,
      signal: signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]),
      session: this.id,
    })
    this.#leases = this.#leases.filter((each) => each.held)
    this.#leases.push(lease)
    // Disposed between the grant and this continuation.
    if (this.#end.signal.aborted) {
      lease.release()
      throw this.#end.signal.reason
    }
    return lease
  }

  /** As `acquireAll` of the locks, within this session. */
  async acquireAll(names: readonly string[], options: Omit<AcquireOptions, 'session'> = {}): Promise<LockLeases> {
    return acquireAll((name, each) => this.acquire(name, each), names, options)
  }

  /** Runs `task`; every acquire of these locks that it makes, at any depth, belongs to this session. */
  run<Result>(task: () => Result): Result {
    return LockSession.#current.run({ session: this, within: this.#surroundings() }, task)
  }

  /** Ends its waits and releases what it still holds. */
  [Symbol.dispose](): void {
    this.#end.abort(new DOMException(`The lock session "${this.id}" was disposed`, 'AbortError'))
    for (const lease of this.#leases.toReversed()) lease.release()
    this.#leases = []
  }
}
