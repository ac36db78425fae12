import '../worker.ts'
export type { ComponentHost, FamilyHost, HostedFamily, LazyService, ServiceHost } from './lazy-service.ts'
export type { ServiceSettings } from './service-options.ts'

export { LazyConnectionPool } from './lazy-connection-pool.ts'
export type { ConnectionPoolCoordinator, LazyConnectionPoolOptions } from './lazy-connection-pool.ts'
export type {
  ConnectionHandle,
  ConnectionPool,
  ConnectionRequest,
  HostStats,
  HttpRequest,
  HttpResponse,
  MessageStream,
  PoolCounts,
  PoolStats,
  SocketMessage,
} from './connection-pool/api.ts'
export type { ConnectionPoolConfig, TlsOptions } from './connection-pool/config.ts'
export { ConnectionError, isConnectionError } from './connection-pool/errors.ts'
export type { ConnectionErrorReason } from './connection-pool/errors.ts'

export { LazyConnectorManager } from './lazy-connector-manager.ts'
export type { ConnectorCoordinator, LazyConnectorManagerOptions, RemoteConnector } from './lazy-connector-manager.ts'
export type { ConnectorConfig, UrlOverride } from './connectors/config.ts'
export { ConnectorFactory } from './connectors/connector-factory.ts'
export type { CcxtConnectorOptions, ConnectorRecipe } from './connectors/connector-factory.ts'
export type {
  ConnectorStatus,
  ExchangeConnector,
  FeedStatus,
  MarketDataCallback,
  MarketDataStream,
  SubscriptionEnd,
  SubscriptionEndCallback,
  SubscriptionStatus,
} from './connectors/connector.ts'
export { ConnectorError, isConnectorError } from './connectors/errors.ts'
export type { ConnectorErrorDetails, ConnectorErrorReason } from './connectors/errors.ts'
export type { CandleQuery, MarketData, OrderBook, OrderBookLevel } from './connectors/market-data.ts'

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
export { ProgressStream } from './historical-data/progress-stream.ts'
export { generateCandles } from './historical-data/synthetic-candles.ts'
export type { SyntheticOptions } from './historical-data/synthetic-candles.ts'

export { LazyOrderService } from './lazy-order-service.ts'
export type { LazyOrderServiceOptions, OrderServiceHost } from './lazy-order-service.ts'
export type { DecimalInput } from './orders/decimal.ts'
export type {
  Fill,
  FillInput,
  Order,
  OrderApi,
  OrderChange,
  OrderInput,
  OrderPage,
  OrderQuery,
  OrderSide,
  OrderType,
  TimeInForce,
  OrderStatus,
} from './orders/order.ts'
export {
  isOrderConflictError,
  isOrderNotFoundError,
  isOrderRuleError,
  isOrderStoreError,
  isOrderTransitionError,
  OrderConflictError,
  OrderNotFoundError,
  OrderRuleError,
  OrderStoreError,
  OrderTransitionError,
} from './orders/order-errors.ts'
export type { OrderRule, OrderStoreFailure } from './orders/order-errors.ts'
export type { SymbolRules } from './orders/order-rules.ts'
export type { OrderServiceConfig } from './orders/config.ts'

export { LazyStrategyManager } from './lazy-strategies.ts'
export type {
  FanOut,
  LazyStrategyManagerOptions,
  Strategy,
  StrategyCoordinator,
  StrategyInfo,
  StrategyModule,
} from './lazy-strategies.ts'
export { LazyValidatorManager } from './lazy-validators.ts'
export type {
  LazyValidatorManagerOptions,
  OrderValidator,
  ValidationProblem,
  ValidationReport,
  ValidatorCoordinator,
  ValidatorModule,
} from './lazy-validators.ts'
export type { ModuleRecipe } from './user-modules/module-recipe.ts'
