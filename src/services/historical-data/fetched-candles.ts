import type { DatabaseSync } from 'node:sqlite'
import type { CandleQuery } from './candle-cache.ts'
import type { CandleConnectorConfig, FetchCandles } from './candle-connector.ts'
import type { CandleStore, WriteResult } from './candle-store.ts'
import type { CandleColumns } from './candles.ts'
import { Coverage, createCoverageTable } from './coverage.ts'
import { inTransaction } from './database.ts'
import { GapFiller } from './gap-filler.ts'
import type { Interval } from './interval.ts'
import { missingBars } from './missing-bars.ts'
import type { TimeRange } from './time-ranges.ts'

export interface FetchedCandlesOptions {
  readonly fetch: FetchCandles
  /** Epoch ms. */
  readonly epoch: () => number
  /** Runs an attempt again while the database is locked. */
  readonly retry: <T>(attempt: () => T) => Promise<T>
  /** Told of every write, with the range of times written (epoch ms, inclusive). */
  readonly onWritten: (symbol: string, result: WriteResult, first: number, last: number) => void
}

/** Completes what is stored with what a connector has. */
export class FetchedCandles {
  readonly filler: GapFiller
  readonly #config: Required<CandleConnectorConfig>
  readonly #db: DatabaseSync
  readonly #store: CandleStore
  readonly #options: FetchedCandlesOptions
  #coverage: Coverage | undefined

  constructor(
    config: Required<CandleConnectorConfig>,
    db: DatabaseSync,
    store: CandleStore,
    options: FetchedCandlesOptions,
  ) {
    this.#config = config
    this.#db = db
    this.#store = store
    this.#options = options
    this.filler = new GapFiller({
      fetch: options.fetch,
      pageSize: config.pageSize,
      now: options.epoch,
      missing: async (symbol, interval, range) => this.#missing(symbol, interval, range),
      store: async (symbol, interval, candles, range) => this.#keep(symbol, interval, candles, range),
    })
  }

  /** Fetches the bars of a query that nothing stored covers. */
  async complete({ symbol, from, to, interval }: CandleQuery): Promise<void> {
    await this.filler.fill(symbol, interval, { start: from, end: to }, this.#config.maxCandles)
  }

  /** Another connection may have changed what is stored. */
  forget(): void {
    this.#coverage?.forget()
  }

  async #missing(symbol: string, interval: Interval, range: TimeRange): Promise<TimeRange[]> {
    return this.#options.retry(() => {
      const coverage = this.#ready()
      return inTransaction(this.#db, 'DEFERRED', () => {
        const intervals = this.#store.seriesOf(symbol).map((series) => series.interval)
        return missingBars(coverage, intervals, symbol, interval, range)
      })
    })
  }

  async #keep(symbol: string, interval: Interval, candles: CandleColumns, range: TimeRange): Promise<void> {
    const result = await this.#options.retry(() => {
      const coverage = this.#ready()
      try {
        return inTransaction(this.#db, 'IMMEDIATE', () => {
          const written = candles.time.length > 0 ? this.#store.write(symbol, interval, candles) : undefined
          coverage.fetched(symbol, interval, range)
          return written
        })
      } catch (error) {
        // It may have noted what was then rolled back.
        coverage.forget()
        throw error
      }
    })
    if (result) this.#options.onWritten(symbol, result, candles.time[0]!, candles.time.at(-1)!)
  }

  /** Made when first needed, as the database may be locked when the service is opened. */
  #ready(): Coverage {
    if (this.#coverage) return this.#coverage
    createCoverageTable(this.#db)
    this.#coverage = new Coverage(this.#db, this.#store, this.#config.emptyMaxAge, this.#options.epoch)
    return this.#coverage
  }
}
