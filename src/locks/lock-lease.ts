import { StaleLockError } from '../errors.ts'
import type { LockMode } from './party.ts'

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

/** A lease together with the way to take it away. */
export class Lease implements LockLease {
  readonly name: string
  readonly mode: LockMode
  readonly token: number
  readonly #onRelease: (lease: Lease) => void
  #state: 'held' | 'released' | 'lost' = 'held'
  #lost: AbortController | undefined

  constructor(name: string, mode: LockMode, token: number, onRelease: (lease: Lease) => void) {
    this.name = name
    this.mode = mode
    this.token = token
    this.#onRelease = onRelease
  }

  get held(): boolean {
    return this.#state === 'held'
  }

  get signal(): AbortSignal {
    // Most leases are never asked for their signal: one is made when it is.
    this.#lost ??= new AbortController()
    if (this.#state === 'lost') this.#abort()
    return this.#lost.signal
  }

  release(): void {
    if (this.#state !== 'held') return
    this.#state = 'released'
    this.#onRelease(this)
  }

  /** The lock was taken away: releasing it does nothing from now on. */
  revoke(): void {
    if (this.#state !== 'held') return
    this.#state = 'lost'
    this.#abort()
  }

  [Symbol.dispose](): void {
    this.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release()
    return Promise.resolve()
  }

  #abort(): void {
    this.#lost?.abort(new StaleLockError(this.name, this.token))
  }
}
