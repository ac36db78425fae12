import type { Ledger } from '../contract/ledger.ts'
import { matters } from '../memory/decide/leak.ts'
import { LEAK_HORIZON } from '../memory/tuning.ts'

/** ms: of each stretch of that length the lowest figure counts, since garbage is collected some time in it. Guessed. */
const stretch = 15_000
/** Stretches in a row, each with more than the one before, that are growth: a heap that is not collected for so long grows as well, so where memory is not short it takes more. Guessed. */
const rises = { usual: 8, short: 4 } as const

interface Low {
  readonly since: number
  readonly bytes: number
}

/** The main thread has grown steadily. Bytes and ms. */
export interface MainGrowth {
  readonly grown: number
  readonly over: number
  /** Bytes/ms. */
  readonly pace: number
  /** Of the monotonic clock. */
  readonly since: number
  readonly room: number
}

/**
 * Watches the main thread for growth. It is not made to collect garbage, as components are: that would stop the whole program. So only the lowest of its figures count, and
 * they have to rise for a while.
 */
export class MainWatch {
  #lows: readonly Low[] = []
  #growth: MainGrowth | undefined

  /** Undefined: it does not grow, or not by what matters. */
  get growth(): MainGrowth | undefined {
    return this.#growth
  }

  /** There are new figures. @param now ms of the monotonic clock. @param lowThreshold share of the limit from where on memory is short. */
  sampled({ mainThread, usage, limit }: Ledger, now: number, lowThreshold: number): void {
    const bytes = mainThread.total - mainThread.physical + mainThread.used
    const last = this.#lows.at(-1)
    if (last && now - last.since < stretch) {
      this.#lows = [...this.#lows.slice(0, -1), { since: last.since, bytes: Math.min(last.bytes, bytes) }]
      return
    }
    this.#growth = this.#judge(Math.max(0, limit - usage), limit, usage >= limit * lowThreshold)
    this.#lows = [...this.#lows, { since: now, bytes }].slice(-rises.usual - 1)
  }

  /** Of stretches that are over. */
  #judge(room: number, limit: number, isShort: boolean): MainGrowth | undefined {
    const lows = this.#lows.slice(isShort ? -rises.short - 1 : 0)
    const [first] = lows
    const last = lows.at(-1)
    const enough = rises[isShort ? 'short' : 'usual']
    if (!first || !last || lows.length <= enough) return undefined
    const isSteady = lows.every(({ bytes }, index) => bytes > (lows[index - 1]?.bytes ?? Number.NEGATIVE_INFINITY))
    const grown = last.bytes - first.bytes
    const over = last.since - first.since
    const pace = grown / over
    const isSoon = isShort || room <= pace * LEAK_HORIZON
    return isSteady && isSoon && grown >= matters(limit) ? { grown, over, pace, since: first.since, room } : undefined
  }
}
