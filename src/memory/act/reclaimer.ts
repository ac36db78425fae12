import { residentSet } from '../../base/proc-files.ts'
import { POOL_DELAY, RETRY, WORTHWHILE } from '../tuning.ts'
import { trimAllocator } from './allocator-trim.ts'
import type { TrimResult } from './allocator-trim.ts'
import { returnAtEndFlag } from './page-pool.ts'
import type { PagePool } from './page-pool.ts'
import { drainPool } from './pool-drain.ts'
import { setTimeout, clearTimeout } from '../../base/timers.ts'

/** What the reclaimer reaches of the process; replaced in tests. */
export interface ReclaimEffects {
  residentSet(): number
  /** @param leaving aborted when the trim is wanted no longer. */
  trim(deadline: number, leaving: AbortSignal): Promise<TrimResult>
  /**
   * Gives back what V8 keeps. Never rejects.
   *
   * @param bytes at most.
   * @returns false where it could not be done.
   */
  drainPool(bytes: number, leaving: AbortSignal): Promise<boolean>
}

export const processEffects: ReclaimEffects = { residentSet, trim: trimAllocator, drainPool }

/**
 * Gives memory back to the operating system after unloads, where it can be done from inside, on other threads: the allocator is trimmed at once, and V8's page pool is drained
 * a second later. A load that follows an unload at once has taken what it needs of the pool by then.
 */
export class Reclaimer implements AsyncDisposable {
  readonly #effects: ReclaimEffects
  readonly #pool: PagePool
  readonly #leaving = new AbortController()
  readonly #trims = new Set<Promise<TrimResult>>()
  #timer: NodeJS.Timeout | undefined
  #drain: Promise<void> | undefined
  /** Bytes that workers held that have ended since the last drain began. */
  #undrained = 0
  #pending = 0

  constructor(effects: ReclaimEffects, pool: PagePool) {
    this.#effects = effects
    this.#pool = pool
  }

  /** Bytes that unloads have freed and the operating system has not got back yet. */
  get pending(): number {
    return this.#pending
  }

  residentSet(): number {
    return this.#effects.residentSet()
  }

  /**
   * To be called when a worker is gone.
   *
   * @param predicted bytes it held.
   * @returns what was done, and what is still to come.
   */
  async afterUnload(predicted: number): Promise<readonly string[]> {
    if (predicted < WORTHWHILE) return []
    const how: string[] = []
    if (this.#pool === 'returned') how.push(`V8 flag ${returnAtEndFlag}`)
    else {
      this.#undrained += predicted
      this.#drainLater()
    }
    const trimmed = await this.#trim()
    if (trimmed === 'under way') how.push('malloc_trim is under way')
    else if (trimmed !== 'unavailable') how.push(`malloc_trim by ${trimmed}`)
    if (this.#pool === 'kept') how.push(`V8's page pool is drained from ${RETRY} ms on`)
    return how
  }

  /** Has the allocator give back what it keeps, at any time. Resolves with false where it cannot be made to. */
  async trim(): Promise<boolean> {
    return (await this.#trim()) !== 'unavailable'
  }

  /** What an unload could not give back yet; forgotten once the pool is drained. */
  retained(bytes: number): void {
    if (this.#timer || this.#drain) this.#pending += bytes
  }

  /** Waits for trims as long as those who asked for them do, and leaves no thread and no timer behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#trims)
    this.#leaving.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#drain
  }

  async #trim(): Promise<TrimResult> {
    const trim = this.#effects.trim(RETRY, this.#leaving.signal)
    this.#trims.add(trim)
    try {
      return await trim
    } finally {
      this.#trims.delete(trim)
    }
  }

  #drainLater(delay = RETRY): void {
    // One that is under way does not know of these pages: the next one begins after it.
    if (this.#timer || this.#drain || this.#leaving.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#drain = this.#drainNow()
    }, delay).unref()
  }

  async #drainNow(): Promise<void> {
    const pending = this.#pending
    const bytes = this.#undrained
    this.#undrained = 0
    const isDone = await this.#effects.drainPool(bytes, this.#leaving.signal)
    this.#drain = undefined
    if (isDone) this.#pending -= pending
    else this.#undrained += bytes
    // No thread can be started now, or there is no address space for one: V8 may give the pages back meanwhile.
    if (this.#undrained > 0) this.#drainLater(isDone ? RETRY : 2 * POOL_DELAY)
  }
}
