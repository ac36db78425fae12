import type { CacheStats } from './candle-cache.ts'
import type { CandleInput } from './candle-input.ts'
import type { Candle, Candles } from './candles.ts'
import type { ImportProgress } from './import-progress.ts'
import type { Interval } from './interval.ts'
import type { PrefetchOptions, PrefetchProgress } from './prefetch.ts'
import type { SyntheticOptions } from './synthetic-candles.ts'

export interface SymbolInfo {
  symbol: string
  interval: Interval
  /** Candles stored. */
  count: number
  /** Time of the first candle, epoch ms. */
  from: number
  /** End of the last candle (exclusive), epoch ms: getHistoricalData(symbol, from, to, interval) gives all of them. */
  to: number
}

export interface CsvImportOptions {
  symbol: string
  interval: Interval
  /** Lines per batch: one write, after which other calls have their turn. Default 10,000. */
  batchSize?: number
  /**
   * What a bad line means. 'abort' (default): the import fails with a CsvLineError that names it. 'skip': the line is
   * left out and reported in the last progress, and all the others are stored.
   */
  onError?: 'abort' | 'skip'
  /**
   * True: all or nothing. Nothing is stored, or seen by others, unless the whole import succeeds; until then no one
   * else can write to the database. False: each batch is stored as it is read, and stays. Default: true with 'abort',
   * false with 'skip'.
   */
  atomic?: boolean
}

export interface ReadOptions {
  /** False: only what is stored. Default true: what is missing is fetched, where a connector is configured. */
  fetch?: boolean
}

/**
 * What the historical-data component offers. Any method can also reject with DatabaseLockedError: another connection
 * held the database for longer than the `timeout` of the configuration.
 */
export interface HistoricalDataApi extends Disposable {
  /**
   * Bars made of the candles with `from` <= time < `to` (epoch ms), and of no others: where the range begins or
   * ends within a bar, that bar is partial. It still has the start of the whole bar as its time, which may be before `from`.
   * Nothing after `to` shows, with one exception: a stored candle that begins before `to` and ends after it counts whole where nothing finer is
   * stored of its time before `to`; where that would be a look into the future, end the range where such a candle does.
   *
   * Bars are aligned to UTC, weeks to Monday, months to the 1st; where there are no candles there is no bar. Each part of the range is made of
   * the coarsest candles stored that cover it: of bars of the interval as they are, and where those are missing, or end after `to`, of finer
   * candles, part by part.
   * An unknown symbol gives no bars.
   *
   * With a connector configured, bars that are missing are fetched first and stored, each once however many ask; only bars that are over, and
   * only those that finer candles do not cover. Where the connector has none either there is no bar, and it is not asked
   * again for some time (`emptyMaxAge`).
   *
   * @throws InvalidOptionsError for a bad argument, an interval that cannot be built from what is stored, more missing bars than `maxCandles`,
   * or a symbol that the connector does not know. CandleFetchError when the connector fails.
   */
  getHistoricalData(
    symbol: string,
    from: number,
    to: number,
    interval: Interval,
    options?: ReadOptions,
  ): Promise<Candles>
  /**
   * Fetches and stores what is missing of several symbols; a symbol that fails is reported as such, and the others go on. Nothing happens before
   * the first step; then the work does not wait for whoever iterates. Ending the iteration early starts no further symbols.
   *
   * @throws InvalidOptionsError for a bad argument, or when no connector is configured.
   */
  prefetch(
    symbols: readonly string[],
    interval: Interval,
    options?: PrefetchOptions,
  ): AsyncGenerator<PrefetchProgress, void, undefined>
  /**
   * The last bar of a symbol that is stored, at the finest stored interval if none is given; null where nothing is stored.
   * @throws InvalidOptionsError as getHistoricalData
   */
  getLatestData(symbol: string, interval?: Interval): Promise<Candle | null>
  /** What is stored, a row per symbol and interval, by symbol. */
  listSymbols(): Promise<SymbolInfo[]>
  /**
   * Stores candles in one transaction, in place of those that are stored at the same times. `updated` counts those that
   * had other values.
   * @throws InvalidOptionsError naming the first candle that is none
   */
  storeCandles(symbol: string, interval: Interval, candles: CandleInput): Promise<{ inserted: number; updated: number }>
  /**
   * Imports a CSV file as it is iterated: nothing happens before the first step, and ending the iteration early ends
   * the import. Progress comes at most every 100 ms, and once at the end, with `done: true`. Importing a file again
   * changes nothing. Files ordered by time, either way, import fastest.
   *
   * The first line names the columns, in any order and case: timestamp, time or date; open, high, low, close, volume;
   * others are ignored. Times are ISO 8601 (UTC unless they have an offset) or whole epoch seconds or milliseconds, and
   * must be starts of bars.
   *
   * @throws CsvLineError, InvalidOptionsError
   */
  importCsv(file: string, options: CsvImportOptions): AsyncGenerator<ImportProgress, void, undefined>
  /**
   * Stores what generateCandles gives for these options, as an import: `bytes` are those of the candles as columns.
   * What is stored already is not written again.
   * @throws InvalidOptionsError
   */
  importSynthetic(options: SyntheticOptions): AsyncGenerator<ImportProgress, void, undefined>
  /** Forgets all cached results. */
  clearCache(): void
  getCacheStats(): CacheStats
}
