export { LazyHistoricalDataService } from './lazy-historical-data.ts'
export type { HistoricalDataCoordinator, LazyHistoricalDataOptions } from './lazy-historical-data.ts'
export type { CsvImportOptions, HistoricalDataApi, ReadOptions, SymbolInfo } from './historical-data/api.ts'
export type { CacheStats } from './historical-data/candle-cache.ts'
export type { CandleConnectorConfig } from './historical-data/candle-connector.ts'
export type { CandleInput } from './historical-data/candle-input.ts'
export { rows } from './historical-data/candles.ts'
export type { Candle, CandleColumns, Candles } from './historical-data/candles.ts'
export type { HistoricalDataConfig } from './historical-data/config.ts'
export {
  CandleFetchError,
  CsvLineError,
  DatabaseLockedError,
  isCandleFetchError,
  isCsvLineError,
  isDatabaseLockedError,
} from './historical-data/errors.ts'
export type { BadLine, ImportProgress } from './historical-data/import-progress.ts'
export { INTERVALS } from './historical-data/interval.ts'
export type { Interval } from './historical-data/interval.ts'
export type { PrefetchOptions, PrefetchProgress } from './historical-data/prefetch.ts'
export { generateCandles } from './historical-data/synthetic-candles.ts'
export type { SyntheticOptions } from './historical-data/synthetic-candles.ts'
