import { collectGarbage } from '../../host/collect-garbage.ts'
import { residentSet } from '../../base/proc-files.ts'
import type { Logger } from '../../contract/logger.ts'
import { POOL_DELAY, RETRY, WORTHWHILE } from '../tuning.ts'
import type { TrimResult } from './allocator-trim.ts'

/** The flag that makes V8 give an isolate's pages back when its thread ends; Node 26 pools them for 8 s and more without it. */
export const reclaimFlag = '--no-memory-pool-share-memory-on-teardown'

/** What the reclaimer reaches of the process; replaced in tests. */
export interface ReclaimEffects {
  residentSet(): number
  /** @param leaving aborted when the trim is wanted no longer. */
  trim(deadline: number, leaving: AbortSignal): Promise<TrimResult>
  collectMinor(): void
}

export interface ReclaimerOptions {
  readonly effects: ReclaimEffects
  readonly logger: Logger
  /** Of this process: tells whether the flag was given. */
  readonly execArgv: readonly string[]
  /** Major version of Node. */
  readonly nodeMajor: number
}

/**
 * Gives memory back to the operating system after unloads, where it can be done from inside: the allocator is trimmed off the
 * main thread, and V8's page pool is emptied by one minor collection of the main isolate when its time has come.
 */
export class Reclaimer implements AsyncDisposable {
  readonly #effects: ReclaimEffects
  readonly #leaving = new AbortController()
  readonly #trims = new Set<Promise<TrimResult>>()
  readonly #flag: 'given' | 'missing' | 'not needed'
  #timer: NodeJS.Timeout | undefined
  #pending = 0
  /** Resident set with everything that is pending. */
  #full = 0

  constructor({ effects, logger, execArgv, nodeMajor }: ReclaimerOptions) {
    this.#effects = effects
    this.#flag = nodeMajor < 26 ? 'not needed' : hasFlag(execArgv) ? 'given' : 'missing'
    if (this.#flag === 'missing') {
      logger.info(
        { flag: reclaimFlag },
        `start Node with ${reclaimFlag} to have the memory of unloaded components back at once; without it, some of it takes 8 to 16 s`,
      )
    }
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
    const how: string[] = this.#flag === 'given' ? [`V8 flag ${reclaimFlag}`] : []
    const trimmed = await this.#trim()
    if (trimmed === 'under way') how.push('malloc_trim is under way')
    else if (trimmed !== 'unavailable') how.push(`malloc_trim by ${trimmed}`)
    if (this.#flag !== 'given') {
      how.push(`minor GC of the main isolate from ${POOL_DELAY} ms on, until it is back`)
      this.#collectLater()
    }
    return how
  }

  /** Has the allocator give back what it keeps, at any time. Resolves with false where it cannot be made to. */
  async trim(): Promise<boolean> {
    return (await this.#trim()) !== 'unavailable'
  }

  /** What an unload could not give back yet; forgotten once the pool is emptied. */
  retained(bytes: number): void {
    if (!this.#timer) return
    this.#pending += bytes
    this.#full = this.#effects.residentSet()
  }

  /** Waits for trims as long as those who asked for them do, and leaves no thread and no timer behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#trims)
    this.#leaving.abort()
    this.#collectNoMore()
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

  #collectNoMore(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending = 0
  }

  #collectLater(): void {
    if (this.#leaving.signal.aborted) return
    // The pool's time runs from the last unload, so the collection does too.
    this.#collectIn(POOL_DELAY, POOL_DELAY)
  }

  #collectIn(delay: number, since: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      // What was collected last time is given back in the background.
      if (since > 2 * POOL_DELAY || this.#isBack()) {
        this.#collectNoMore()
        return
      }
      this.#effects.collectMinor()
      this.#collectIn(RETRY, since + RETRY)
    }, delay).unref()
  }

  #isBack(): boolean {
    return this.#pending < WORTHWHILE || this.#effects.residentSet() < this.#full - this.#pending / 2
  }
}

/** V8 takes underscores for hyphens. */
function hasFlag(execArgv: readonly string[]): boolean {
  return execArgv.some((argument) => argument.replaceAll('_', '-') === reclaimFlag)
}

export const processEffects: Omit<ReclaimEffects, 'trim'> = {
  residentSet,
  collectMinor: () => collectGarbage('minor'),
}
