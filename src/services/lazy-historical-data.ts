import { extname } from 'node:path'
import type { ComponentModule } from '../component/define.ts'
import type { ComponentInfo } from '../component/component-info.ts'
import type { UnloadReport } from '../component/unload.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { Remote } from '../channel/remote.ts'
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

type HistoricalDataModule = ComponentModule<HistoricalDataApi, HistoricalDataConfig>

/** What the service asks of a coordinator. */
export type HistoricalDataCoordinator = Pick<ComponentCoordinator, 'registerComponent' | 'info' | 'unloadComponent'>

export interface LazyHistoricalDataOptions extends HistoricalDataConfig {
  /** The component's name. Default 'historical-data'. */
  name?: string
}

/**
 * Bytes: a full result cache of the default size, the page cache, a worker with the module loaded, and results on their
 * way.
 */
const MEMORY_ESTIMATE = 150 * 1024 ** 2

/**
 * Historical candles in a worker of their own, which starts with the first call and may be unloaded whenever it is
 * idle. Methods are those of HistoricalDataApi.
 * @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken.
 */
export class LazyHistoricalDataService {
  readonly name: string
  readonly #coordinator: HistoricalDataCoordinator
  readonly #remote: Remote<HistoricalDataModule>

  constructor(coordinator: HistoricalDataCoordinator, options: LazyHistoricalDataOptions) {
    const { name = 'historical-data', ...given } = options
    const config = parseHistoricalDataConfig(given)
    this.name = name
    this.#coordinator = coordinator
    this.#remote = coordinator.registerComponent<HistoricalDataModule>({
      name,
      type: 'service',
      // Source and compiled output lie in the same places relative to each other.
      module: new URL(`../../workers/historical-data${extname(import.meta.filename)}`, import.meta.url),
      config,
      // Registered by whoever uses it, before the first call; candles are fetched worker to worker.
      dependencies: config.connector ? [config.connector.component] : [],
      memoryEstimate: MEMORY_ESTIMATE,
      priority: 30,
      timeout: 30_000,
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
    return this.#remote.getHistoricalData(symbol, from, to, interval, options)
  }

  /** See HistoricalDataApi.prefetch: to be read with `for await`, or awaited; then it gives how each symbol ended. */
  prefetch(
    symbols: readonly string[],
    interval: Interval,
    options?: PrefetchOptions,
  ): ProgressStream<PrefetchProgress, PrefetchProgress[]> {
    const steps = lazily(() => this.#remote.prefetch(symbols, interval, options))
    return new ProgressStream(steps, outcomes)
  }

  async getLatestData(symbol: string, interval?: Interval): Promise<Candle | null> {
    return this.#remote.getLatestData(symbol, interval)
  }

  async listSymbols(): Promise<SymbolInfo[]> {
    return this.#remote.listSymbols()
  }

  async storeCandles(
    symbol: string,
    interval: Interval,
    candles: CandleInput,
  ): Promise<{ inserted: number; updated: number }> {
    return this.#remote.storeCandles(symbol, interval, candles)
  }

  /** See HistoricalDataApi.importCsv: to be read with `for await`, which moves the import on, or awaited; then it gives the last progress. */
  importCsv(file: string, options: CsvImportOptions): ProgressStream<ImportProgress, ImportProgress> {
    return new ProgressStream(
      lazily(() => this.#remote.importCsv(file, options)),
      lastStep,
    )
  }

  /** See HistoricalDataApi.importSynthetic: to be read with `for await`, or awaited; then it gives the last progress. */
  importSynthetic(options: SyntheticOptions): ProgressStream<ImportProgress, ImportProgress> {
    return new ProgressStream(
      lazily(() => this.#remote.importSynthetic(options)),
      lastStep,
    )
  }

  async clearCache(): Promise<void> {
    return this.#remote.clearCache()
  }

  async getCacheStats(): Promise<CacheStats> {
    return this.#remote.getCacheStats()
  }

  /** Walks candles row by row. */
  rows(candles: CandleColumns): Generator<Candle, void, undefined> {
    return rows(candles)
  }

  /** State and figures of the component. Does not load it. */
  info(): ComponentInfo {
    return this.#coordinator.info(this.name)
  }

  /** Unloads the component; the next call loads it again. */
  async unload(options?: { deadline?: number }): Promise<UnloadReport> {
    return this.#coordinator.unloadComponent(this.name, options)
  }
}

/** A stream that is asked for when its first step is. */
async function* lazily<Step>(open: () => AsyncIterable<Step>): AsyncGenerator<Step, void, undefined> {
  yield* open()
}
