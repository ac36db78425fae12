import { AsyncLocalStorage } from 'node:async_hooks'
import type { AcquireOptions, LockLease, LockLeases, Locks, LockSession } from '../contract/locks.ts'
import { acquireAll } from './acquire-all.ts'
import { resolveAcquireOptions } from './acquire-options.ts'

export class TaskSession implements LockSession {
  static readonly #current = new AsyncLocalStorage<{ readonly session: TaskSession; readonly within: unknown }>()

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
    const current = TaskSession.#current.getStore()
    if (current === undefined) return undefined
    const { session, within } = current
    // A call that is served in a context which came from within a `run`, a callback's say, is a task of its own.
    return session.#locks === locks && session.#surroundings() === within ? session.id : undefined
  }

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

  async acquireAll(names: readonly string[], options: Omit<AcquireOptions, 'session'> = {}): Promise<LockLeases> {
    return acquireAll((name, each) => this.acquire(name, each), names, options)
  }

  run<Result>(task: () => Result): Result {
    return TaskSession.#current.run({ session: this, within: this.#surroundings() }, task)
  }

  [Symbol.dispose](): void {
    this.#end.abort(new DOMException(`The lock session "${this.id}" was disposed`, 'AbortError'))
    for (const lease of this.#leases.toReversed()) lease.release()
    this.#leases = []
  }
}
