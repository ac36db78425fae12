import type { ConnectionHandle } from './api.ts'
import type { Slot } from './slot.ts'
import type { Target } from './target.ts'

export interface WaiterOptions {
  readonly target: Target
  /** ms */
  readonly timeout: number
  /** ms since the epoch. */
  readonly now: number
  /** The call's own: aborted when the caller gives up. */
  readonly signal: AbortSignal
  /** What it is rejected with when the time is up. */
  readonly onTimeout: (waiter: Waiter) => Error
  /** Called when it is settled, however. */
  readonly onSettled: (waiter: Waiter) => void
}

/**
 * One who wants a connection. Settled once: with a handle, or because the time is up, the caller gave up, or opening
 * failed.
 */
export class Waiter {
  readonly target: Target
  readonly deadline: number
  readonly result: Promise<ConnectionHandle>
  /** In line; while a connection is opened or checked for it, it is not. */
  inLine = true
  /** The connection that is being closed to make room for it. */
  replaced: Slot | undefined
  readonly #options: WaiterOptions
  readonly #settle = Promise.withResolvers<ConnectionHandle>()
  readonly #ended = new AbortController()
  readonly #timer: NodeJS.Timeout
  #settled = false

  constructor(options: WaiterOptions) {
    const { target, timeout, now, signal } = options
    this.#options = options
    this.target = target
    this.deadline = now + timeout
    this.result = this.#settle.promise
    this.#timer = setTimeout(() => this.reject(options.onTimeout(this)), timeout)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Aborted when it is rejected: opening a connection for it makes no sense any more. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  get settled(): boolean {
    return this.#settled
  }

  resolve(handle: ConnectionHandle): void {
    if (this.#finish()) this.#settle.resolve(handle)
  }

  reject(reason: unknown): void {
    if (!this.#finish()) return
    this.#settle.reject(reason)
    this.#ended.abort(reason)
  }

  readonly #onAbort = (): void => this.reject(this.#options.signal.reason)

  #finish(): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#timer)
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#options.onSettled(this)
    return true
  }
}
