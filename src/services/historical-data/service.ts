import { resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { InvalidOptionsError, reportSqliteMemory, transfer } from '../../worker.ts'
import type { ComponentContext, PressureLevel, SqliteMemory } from '../../worker.ts'
import type { CsvImportOptions, HistoricalDataApi, ReadOptions, SymbolInfo } from './api.ts'
import { retryWhileLocked } from './busy-retry.ts'
import { CandleBatch } from './candle-batch.ts'
import { CandleCache } from './candle-cache.ts'
import type { CacheStats, CandleQuery } from './candle-cache.ts'
import { fetchFromComponent } from './candle-connector.ts'
import { parseCandles } from './candle-input.ts'
import type { CandleInput } from './candle-input.ts'
import { CandleStore } from './candle-store.ts'
import type { WriteResult } from './candle-store.ts'
import { buffersOf } from './candles.ts'
import type { Candle, Candles } from './candles.ts'
import { parseHistoricalDataConfig } from './config.ts'
import type { HistoricalDataConfig, ResolvedHistoricalDataConfig } from './config.ts'
import { CsvSource } from './csv-source.ts'
import { inTransaction, openDatabase } from './database.ts'
import { FetchedCandles } from './fetched-candles.ts'
import { parseCsvImportOptions } from './import-options.ts'
import type { ImportProgress } from './import-progress.ts'
import { runImport } from './import-run.ts'
import type { CandleSource, CandleTarget } from './import-run.ts'
import { allOrNothing, perBatch } from './import-target.ts'
import type { ImportTargetOptions } from './import-target.ts'
import { barEnd, parseInterval } from './interval.ts'
import type { Interval } from './interval.ts'
import { parsePrefetch, runPrefetch } from './prefetch.ts'
import type { PrefetchOptions, PrefetchProgress } from './prefetch.ts'
import { parseQuery, parseSymbol } from './query.ts'
import { readBars, readLatestBar } from './read-bars.ts'
import { SyntheticSource, parseSyntheticOptions } from './synthetic-candles.ts'
import type { SyntheticOptions } from './synthetic-candles.ts'

/** What the service needs of a component's context. */
export type HistoricalDataContext = Pick<
  ComponentContext,
  'logger' | 'signal' | 'reportMemory' | 'onPressure' | 'dependencies'
>

export interface HistoricalDataInternals {
  /** A clock in ms, for the age of cached results and the pace of progress. Default performance.now. */
  now?: () => number
  /** The time, epoch ms: which bars are over. Default Date.now. */
  epoch?: () => number
}

const SYNTHETIC_BATCH = 10_240

/**
 * Opens the candle database, making it where there is none.
 * @throws InvalidOptionsError for a bad option or a file that cannot be used, DatabaseLockedError
 */
export async function openHistoricalData(
  config: HistoricalDataConfig,
  context: HistoricalDataContext,
  internals: HistoricalDataInternals = {},
): Promise<HistoricalDataApi> {
  const parsed = parseHistoricalDataConfig(config)
  const path = resolve(parsed.path)
  const { timeout } = parsed
  const holder = (): string => 'another process'
  const db = await retryWhileLocked(() => openDatabase(path, parsed.readOnly), {
    path,
    timeout,
    signal: context.signal,
    holder,
  })
  try {
    return new HistoricalDataService({ ...parsed, path }, db, context, internals)
  } catch (error) {
    db.close()
    throw error
  }
}

class HistoricalDataService implements HistoricalDataApi {
  readonly #config: ResolvedHistoricalDataConfig
  readonly #context: HistoricalDataContext
  readonly #now: () => number
  readonly #epoch: () => number
  readonly #db: DatabaseSync
  readonly #store: CandleStore
  readonly #dataVersion: StatementSync
  readonly #cache: CandleCache
  readonly #fetched: FetchedCandles | undefined
  readonly #memory: SqliteMemory
  readonly #stopListening: () => void
  /** What imports under way hold: given back when the service is closed under them. */
  readonly #held = new Set<Disposable>()
  #seenVersion: unknown
  /** SQLite's pages were given up, and nothing has been read since. */
  #givenUp = false

  constructor(
    config: ResolvedHistoricalDataConfig,
    db: DatabaseSync,
    context: HistoricalDataContext,
    { now = () => performance.now(), epoch = Date.now }: HistoricalDataInternals,
  ) {
    this.#config = config
    this.#db = db
    this.#context = context
    this.#now = now
    this.#epoch = epoch
    this.#store = new CandleStore(db)
    this.#dataVersion = db.prepare('PRAGMA data_version')
    this.#cache = new CandleCache(config.maxCacheSize, config.cacheTtl, now)
    this.#memory = reportSqliteMemory(context, db)
    this.#fetched =
      config.connector &&
      new FetchedCandles(config.connector, db, this.#store, {
        fetch: fetchFromComponent(context.dependencies, config.connector, context.signal),
        epoch,
        retry: (attempt) => this.#retry(attempt),
        onWritten: (symbol, result, first, last) => this.#written(symbol, result, first, last),
      })
    this.#stopListening = context.onPressure((level) => this.#trim(level))
    context.logger.debug({ path: config.path, readOnly: config.readOnly }, 'candle database opened')
  }

  async getHistoricalData(
    symbol: string,
    from: number,
    to: number,
    interval: Interval,
    { fetch = true }: ReadOptions = {},
  ): Promise<Candles> {
    const query = parseQuery(symbol, from, to, interval)
    if (fetch) await this.#fetched?.complete(query)
    const candles = await this.#reading(() => this.#cached(query))
    return transfer(candles, buffersOf(candles))
  }

  async *prefetch(
    symbols: readonly string[],
    interval: Interval,
    options?: PrefetchOptions,
  ): AsyncGenerator<PrefetchProgress, void, undefined> {
    if (!this.#fetched) throw new InvalidOptionsError('connector', 'where candles are fetched from', undefined)
    yield* runPrefetch(this.#fetched.filler, parsePrefetch(symbols, interval, options, this.#epoch()))
  }

  async getLatestData(symbol: string, interval?: Interval): Promise<Candle | null> {
    const parsed = parseSymbol(symbol)
    const wanted = interval === undefined ? undefined : parseInterval(interval)
    return this.#reading(() => readLatestBar(this.#store, parsed, wanted))
  }

  async listSymbols(): Promise<SymbolInfo[]> {
    const list = await this.#reading(() => this.#store.list())
    return list.map(({ symbol, interval, count, first, last }) => {
      return { symbol, interval, count, from: first, to: barEnd(interval, last) }
    })
  }

  async storeCandles(
    symbol: string,
    interval: Interval,
    candles: CandleInput,
  ): Promise<{ inserted: number; updated: number }> {
    this.#assertWritable()
    const [name, bar] = [parseSymbol(symbol), parseInterval(interval)]
    const columns = parseCandles(candles, bar)
    if (columns.time.length === 0) return { inserted: 0, updated: 0 }
    using target = perBatch(this.#db, this.#store, this.#targetOptions(name, bar))
    const { inserted, updated } = await target.write(columns)
    return { inserted, updated }
  }

  async *importCsv(file: string, options: CsvImportOptions): AsyncGenerator<ImportProgress, void, undefined> {
    this.#assertWritable()
    if (typeof file !== 'string' || file === '') throw new InvalidOptionsError('file', 'the path of a CSV file', file)
    const { symbol, interval, batchSize, onError, atomic } = parseCsvImportOptions(options)
    const source = new CsvSource({ file: resolve(file), interval, onError })
    const targetOptions = this.#targetOptions(symbol, interval)
    const target = atomic
      ? allOrNothing(() => openDatabase(this.#config.path, false), targetOptions)
      : perBatch(this.#db, this.#store, targetOptions)
    yield* this.#import(source, target, batchSize)
  }

  async *importSynthetic(options: SyntheticOptions): AsyncGenerator<ImportProgress, void, undefined> {
    this.#assertWritable()
    const parsed = parseSyntheticOptions(options)
    const target = perBatch(this.#db, this.#store, this.#targetOptions(parsed.symbol, parsed.interval))
    yield* this.#import(new SyntheticSource(parsed), target, SYNTHETIC_BATCH)
  }

  clearCache(): void {
    this.#cache.clear()
  }

  getCacheStats(): CacheStats {
    return this.#cache.stats()
  }

  [Symbol.dispose](): void {
    this.#stopListening()
    this.#memory[Symbol.dispose]()
    this.#cache.clear()
    for (const held of this.#held) held[Symbol.dispose]()
    this.#held.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  async *#import(
    source: CandleSource,
    target: CandleTarget,
    batchSize: number,
  ): AsyncGenerator<ImportProgress, void, undefined> {
    this.#held.add(source).add(target)
    try {
      yield* runImport(source, target, new CandleBatch(batchSize), { signal: this.#context.signal, now: this.#now })
    } finally {
      this.#held.delete(source)
      this.#held.delete(target)
    }
  }

  /** Runs `read` on one state of the database. */
  async #reading<T>(read: () => T): Promise<T> {
    return this.#retry(() => inTransaction(this.#db, 'DEFERRED', read))
  }

  #cached(query: CandleQuery): Candles {
    this.#forgetIfChanged()
    const known = this.#cache.get(query)
    if (known) return known
    const candles = readBars(this.#store, query)
    this.#cache.set(query, candles)
    if (this.#givenUp) {
      this.#givenUp = false
      this.#memory.update()
    }
    return candles
  }

  /** Another connection may have written anything: SQLite tells that one has, not what. */
  #forgetIfChanged(): void {
    const version = this.#dataVersion.get()?.['data_version']
    if (version !== this.#seenVersion) {
      this.#cache.clear()
      this.#fetched?.forget()
    }
    this.#seenVersion = version
  }

  #targetOptions(symbol: string, interval: Interval): ImportTargetOptions {
    return {
      symbol,
      interval,
      retry: (attempt) => this.#retry(attempt),
      onWritten: (result, first, last) => this.#written(symbol, result, first, last),
    }
  }

  #written(symbol: string, { inserted, updated, created }: WriteResult, first: number, last: number): void {
    // A new interval may be a better source for what was built from another one before.
    if (created) this.#cache.invalidate(symbol, -Infinity, Infinity)
    else if (inserted || updated) this.#cache.invalidate(symbol, first, last)
    this.#memory.update()
  }

  async #retry<T>(attempt: () => T): Promise<T> {
    const { path, timeout } = this.#config
    const holder = (): string => (this.#held.size > 0 ? 'an import under way, or another process' : 'another process')
    return retryWhileLocked(attempt, { path, timeout, signal: this.#context.signal, holder })
  }

  #trim(level: PressureLevel): void {
    this.#givenUp = true
    this.#cache.trim(level === 'high' || level === 'critical' ? 'all' : 'half')
    this.#context.logger.debug({ pressure: level, cache: this.#cache.stats().bytes }, 'cache trimmed')
  }

  #assertWritable(): void {
    if (this.#config.readOnly) throw new InvalidOptionsError('readOnly', 'false, as this writes to the database', true)
  }
}
