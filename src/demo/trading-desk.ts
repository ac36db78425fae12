import { extname, join } from 'node:path'
import type { ComponentCoordinator, ComponentFamily, Remote } from '../index.ts'
import {
  ConnectorFactory,
  LazyConnectionPool,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
  LazyStrategyManager,
} from '../services/index.ts'
import type { MarketData } from '../services/index.ts'
import type backtest from './components/backtest.ts'
import type { BacktestConfig } from './components/backtest.ts'
import type chartRenderer from './components/chart-renderer.ts'
import type { ChartRendererConfig } from './components/chart-renderer.ts'
import type { CrossoverConfig, Signal } from './components/crossover.ts'
import type riskReport from './components/risk-report.ts'
import type { RiskReportConfig } from './components/risk-report.ts'
import type { MadeUpExchange } from './exchange/made-up-exchange.ts'
import { realSymbol, syntheticSymbol } from './prepare-data.ts'

/** Connectors to the one made-up exchange, which speaks as Binance does. */
export const venues = ['made-up-east', 'made-up-west'] as const
const strategies: Readonly<Record<string, CrossoverConfig>> = {
  scalper: { fast: 3, slow: 9 },
  swing: { fast: 6, slow: 24 },
}
/** Pairs of averages that are tried on the past, a worker each. */
export const ideas: Readonly<Record<string, readonly [fast: number, slow: number]>> = {
  minutes: [5, 20],
  hour: [15, 60],
  session: [60, 240],
  day: [240, 1_440],
}

const mib = 1024 ** 2

export interface TradingDeskOptions {
  /** Path of the database of candles. */
  readonly database: string
  /** Where orders are kept. */
  readonly directory: string
  readonly exchange: MadeUpExchange
}

/** Everything that a small trading firm runs in one program. Nothing of it is loaded before it is used. */
export class TradingDesk {
  readonly history: LazyHistoricalDataService
  readonly orders: LazyOrderService
  readonly connectors: LazyConnectorManager
  readonly strategies: LazyStrategyManager<MarketData, Signal>
  readonly pool: LazyConnectionPool
  readonly backtests: ComponentFamily<typeof backtest>
  readonly risk: Remote<typeof riskReport>
  readonly charts: Remote<typeof chartRenderer>

  constructor(coordinator: ComponentCoordinator, { database, directory, exchange }: TradingDeskOptions) {
    this.history = new LazyHistoricalDataService(coordinator, { path: database, maxCacheSize: 40 * mib })
    this.orders = new LazyOrderService(coordinator, { path: join(directory, 'orders.db') })
    const factory = new ConnectorFactory()
    for (const venue of venues) {
      factory.register(venue, moduleAt('../../workers/exchange-connector'), {
        exchange: 'binance',
        urls: { rest: exchange.restUrl, ws: exchange.socketUrl },
      })
    }
    this.connectors = new LazyConnectorManager(coordinator, { factory })
    this.pool = new LazyConnectionPool(coordinator, { maxConnections: 8 })
    this.strategies = new LazyStrategyManager(coordinator)
    for (const [key, config] of Object.entries(strategies)) {
      this.strategies.define(key, { module: moduleAt('components/crossover'), config })
    }
    this.risk = coordinator.registerComponent<typeof riskReport>({
      name: 'risk-report',
      type: 'report',
      module: moduleAt('components/risk-report'),
      config: { data: this.history.name, orders: this.orders.name, symbol: realSymbol } satisfies RiskReportConfig,
      dependencies: [this.history.name, this.orders.name],
      priority: 60,
    })
    this.charts = coordinator.registerComponent<typeof chartRenderer>({
      name: 'chart-renderer',
      type: 'renderer',
      module: moduleAt('components/chart-renderer'),
      config: { data: this.history.name, width: 1_200, height: 400 } satisfies ChartRendererConfig,
      dependencies: [this.history.name],
      // Native code: in a thread, a crash of it would be everybody's.
      isolation: 'process',
      priority: 70,
    })
    this.backtests = coordinator.registerFamily<typeof backtest>({
      name: 'backtest',
      type: 'backtest',
      module: moduleAt('components/backtest'),
      config: (): BacktestConfig => ({ data: this.history.name, symbol: syntheticSymbol }),
      dependencies: [this.history.name],
      memoryEstimate: 40 * mib,
      priority: 80,
    })
    for (const venue of venues) this.connectors.getConnector(venue)
    for (const key of Object.keys(ideas)) this.backtests.get(key)
  }
}

/** Source and compiled output lie in the same places relative to each other. */
function moduleAt(path: string): URL {
  return new URL(`${path}${extname(import.meta.filename)}`, import.meta.url)
}
