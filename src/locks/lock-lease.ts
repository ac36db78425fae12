import type { LockLease, LockMode } from '../contract/locks.ts'
import { StaleLockError } from '../contract/errors.ts'

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
