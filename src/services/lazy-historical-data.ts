import type { ComponentModule } from '../index.ts'
import type { CsvImportOptions, HistoricalDataApi, ReadOptions, SymbolInfo } from './historical-data/api.ts'
import type { CacheStats } from './historical-data/candle-cache.ts'
import type { CandleInput } from './historical-data/candle-input.ts'
import { rows } from './historical-data/candles.ts'
import type { Candle, CandleColumns, Candles } from './historical-data/candles.ts'
import { parseHistoricalDataConfig } from './historical-data/config.ts'
import type { HistoricalDataConfig } from './historical-data/config.ts'
import type { ImportProgress } from './historical-data/import-progress.ts'
import type { Interval } from './historical-data/interval.ts'
import { outcomes } from './historical-data/prefetch.ts'
import type { PrefetchOptions, PrefetchProgress } from './historical-data/prefetch.ts'
import { lastStep, ProgressStream } from './historical-data/progress-stream.ts'
import type { SyntheticOptions } from './historical-data/synthetic-candles.ts'
import { LazyComponent } from './lazy-service.ts'
import type { ComponentHost } from './lazy-service.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'
import { checkNumber } from './option-checks.ts'

type HistoricalDataModule = ComponentModule<HistoricalDataApi, HistoricalDataConfig>

/** What the service asks of a coordinator. */
export type HistoricalDataCoordinator = ComponentHost

/** Defaults: name 'historical-data', memoryEstimate 150 MiB, timeout (to load) 30,000 ms, priority 30. */
export type LazyHistoricalDataOptions = Omit<HistoricalDataConfig, 'timeout'> &
  ServiceSettings & {
    /** How long to wait for a database that another connection has locked, ms; 0 does not wait. Default 5,000. */
    readonly busyTimeout?: number | undefined
  }

const OPTIONS = ['path', 'readOnly', 'maxCacheSize', 'cacheTtl', 'busyTimeout', 'connector']

/**
 * Bytes: a full result cache of the default size, the page cache, a worker with the module loaded, and results on their
 * way.
 */
const MEMORY_ESTIMATE = 150 * 1024 ** 2

/**
 * Historical candles in a worker of their own, which starts with the first call and may be unloaded whenever it is
 * idle. Methods are those of HistoricalDataApi.
 */
export class LazyHistoricalDataService extends LazyComponent<HistoricalDataModule> {
  /** @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken. */
  constructor(coordinator: HistoricalDataCoordinator, options: LazyHistoricalDataOptions) {
    const { name = 'historical-data', own, settings } = sortOptions(options, OPTIONS)
    const { busyTimeout = 5_000, ...given } = own
    checkNumber('busyTimeout', busyTimeout, { min: 0, whole: true })
    const config = parseHistoricalDataConfig({ ...given, timeout: busyTimeout })
    super(coordinator, {
      memoryEstimate: MEMORY_ESTIMATE,
      priority: 30,
      timeout: 30_000,
      ...settings,
      name,
      type: 'service',
      module: 'spillway/services/historical-data',
      config,
      // What is stored can be read without it; candles are fetched worker to worker.
      optionalDependencies: config.connector ? [config.connector.component] : [],
    })
  }

  /** See HistoricalDataApi.getHistoricalData. The columns were moved here, not copied. */
  async getHistoricalData(
    symbol: string,
    from: number,
    to: number,
    interval: Interval,
    options?: ReadOptions,
  ): Promise<Candles> {
    return this.remote.getHistoricalData(symbol, from, to, interval, options)
  }

  /** See HistoricalDataApi.prefetch: to be read with `for await`, or awaited; then it gives how each symbol ended. */
  prefetch(
    symbols: readonly string[],
    interval: Interval,
    options?: PrefetchOptions,
  ): ProgressStream<PrefetchProgress, PrefetchProgress[]> {
    const steps = lazily(() => this.remote.prefetch(symbols, interval, options))
    return new ProgressStream(steps, outcomes)
  }

  async getLatestData(symbol: string, interval?: Interval): Promise<Candle | null> {
    return this.remote.getLatestData(symbol, interval)
  }

  async listSymbols(): Promise<SymbolInfo[]> {
    return this.remote.listSymbols()
  }

  async storeCandles(
    symbol: string,
    interval: Interval,
    candles: CandleInput,
  ): Promise<{ inserted: number; updated: number }> {
    return this.remote.storeCandles(symbol, interval, candles)
  }

  /** See HistoricalDataApi.importCsv: to be read with `for await`, which moves the import on, or awaited; then it gives the last progress. */
  importCsv(file: string, options: CsvImportOptions): ProgressStream<ImportProgress, ImportProgress> {
    return new ProgressStream(
      lazily(() => this.remote.importCsv(file, options)),
      lastStep,
    )
  }

  /** See HistoricalDataApi.importSynthetic: to be read with `for await`, or awaited; then it gives the last progress. */
  importSynthetic(options: SyntheticOptions): ProgressStream<ImportProgress, ImportProgress> {
    return new ProgressStream(
      lazily(() => this.remote.importSynthetic(options)),
      lastStep,
    )
  }

  async clearCache(): Promise<void> {
    return this.remote.clearCache()
  }

  async getCacheStats(): Promise<CacheStats> {
    return this.remote.getCacheStats()
  }

  /** Walks candles row by row. */
  rows(candles: CandleColumns): Generator<Candle, void, undefined> {
    return rows(candles)
  }
}

/** A stream that is asked for when its first step is. */
async function* lazily<Step>(open: () => AsyncIterable<Step>): AsyncGenerator<Step, void, undefined> {
  yield* open()
}
