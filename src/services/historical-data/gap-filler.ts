import { InvalidOptionsError } from '../../worker.ts'
import type { FetchCandles } from './candle-connector.ts'
import { sliceColumns } from './candles.ts'
import type { CandleColumns } from './candles.ts'
import { lowerBound } from './chunk.ts'
import { barsIn } from './coverage.ts'
import { barEnd, barStart } from './interval.ts'
import type { Interval } from './interval.ts'
import { overlaps, subtract } from './time-ranges.ts'
import type { TimeRange } from './time-ranges.ts'

export interface GapFillerOptions {
  readonly fetch: FetchCandles
  readonly pageSize: number
  /** The ranges in which bars are missing. */
  readonly missing: (symbol: string, interval: Interval, range: TimeRange) => Promise<TimeRange[]>
  /** Stores what was fetched for a range, and remembers that the rest of it is empty. */
  readonly store: (symbol: string, interval: Interval, candles: CandleColumns, range: TimeRange) => Promise<void>
  /** Epoch ms. */
  readonly now: () => number
}

/** A fetch under way. */
interface Fetch extends TimeRange {
  readonly done: Promise<void>
}

/** Told of each page: how many candles were in it. */
export type OnPage = (candles: number) => void

/**
 * Fetches what is missing, each gap once: whoever asks for what is being fetched waits for that fetch. A bar that is not over yet is not
 * fetched, as it would be stored half done.
 */
export class GapFiller {
  readonly #options: GapFillerOptions
  /** By symbol and interval. */
  readonly #underWay = new Map<string, Set<Fetch>>()

  constructor(options: GapFillerOptions) {
    this.#options = options
  }

  /** Bars that would have to be fetched for a range. */
  async count(symbol: string, interval: Interval, range: TimeRange): Promise<number> {
    const gaps = await this.#options.missing(symbol, interval, this.#over(interval, range))
    return gaps.reduce((sum, gap) => sum + barsIn(interval, gap), 0)
  }

  /**
   * Resolves once all that the source has of a range is stored.
   *
   * @param max candles that may be missing.
   * @throws InvalidOptionsError when more are; what the fetch throws. What was fetched before stays stored.
   */
  async fill(symbol: string, interval: Interval, range: TimeRange, max = Infinity, onPage?: OnPage): Promise<void> {
    const missing = await this.#options.missing(symbol, interval, this.#over(interval, range))
    if (missing.length === 0) return
    const candles = missing.reduce((sum, gap) => sum + barsIn(interval, gap), 0)
    if (candles > max) {
      const expected = `a time that leaves at most ${max} ${interval} candles to be fetched; prefetch() fetches more`
      throw new InvalidOptionsError('from', expected, `${new Date(range.start).toISOString()}, which leaves ${candles}`)
    }
    const key = `${interval} ${symbol}`
    const underWay = this.#underWay.get(key) ?? new Set()
    this.#underWay.set(key, underWay)
    const others = [...underWay].filter((fetch) => missing.some((gap) => overlaps(gap, fetch)))
    const taken = others.toSorted((a, b) => a.start - b.start)
    const own = missing
      .flatMap((gap) => subtract(gap, taken))
      .map((gap) => this.#start(key, underWay, gap, async () => this.#fetch(symbol, interval, gap, onPage)))
    await Promise.all([...others, ...own].map(async ({ done }) => done))
  }

  #start(key: string, underWay: Set<Fetch>, gap: TimeRange, work: () => Promise<void>): Fetch {
    const done = work().finally(() => {
      underWay.delete(fetch)
      if (underWay.size === 0 && this.#underWay.get(key) === underWay) this.#underWay.delete(key)
    })
    const fetch: Fetch = { ...gap, done }
    underWay.add(fetch)
    return fetch
  }

  async #fetch(symbol: string, interval: Interval, gap: TimeRange, onPage: OnPage | undefined): Promise<void> {
    const { fetch, pageSize, store } = this.#options
    for (let start = gap.start; start < gap.end;) {
      const limit = Math.min(pageSize, barsIn(interval, { start, end: gap.end }))
      const page = within(await fetch(symbol, interval, start, limit), start, gap.end)
      const last = page.time.at(-1)
      const end = last === undefined ? gap.end : barEnd(interval, last)
      await store(symbol, interval, page, { start, end })
      onPage?.(page.time.length)
      start = end
    }
  }

  /** The part of a range whose bars are over. */
  #over(interval: Interval, { start, end }: TimeRange): TimeRange {
    return { start, end: Math.max(start, Math.min(end, barStart(interval, this.#options.now()))) }
  }
}

/** What a source gives beyond the gap is stored already, or is somebody else's to fetch. */
function within(candles: CandleColumns, start: number, end: number): CandleColumns {
  return sliceColumns(candles, lowerBound(candles.time, start), lowerBound(candles.time, end))
}
