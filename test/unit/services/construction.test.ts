import { expect, test } from 'vitest'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import {
  ConnectorFactory,
  LazyConnectionPool,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
  LazyStrategyManager,
  LazyValidatorManager,
} from '../../../src/services/index.ts'
import { silent } from '../../services/connectors/connector-fixture.ts'

const module = new URL('../../../src/examples/components/moving-average.ts', import.meta.url)
const path = 'never-opened.db'

interface Facade {
  readonly name: string
}
type Open = (coordinator: ComponentCoordinator, options: object) => Facade

const connectors: Open = (c, options) => new LazyConnectorManager(c, options)
const history: Open = (c, options) => new LazyHistoricalDataService(c, { path, ...options })
const orders: Open = (c, options) => new LazyOrderService(c, { path, ...options })
const pool: Open = (c, options) => new LazyConnectionPool(c, options)
const strategies: Open = (c, options) => new LazyStrategyManager(c, options)
const validators: Open = (c, options) => new LazyValidatorManager(c, options)

test.each<[string, Open, string, object]>([
  ['connectors: factory', connectors, 'factory', { factory: {} }],
  ['connectors: none', connectors, 'factory', { factory: null }],
  ['historical data: size of the cache', history, 'maxCacheSize', { maxCacheSize: -1 }],
  ['orders: a rule nobody knows', orders, 'rules["A"]', { rules: { A: { minNotionl: '1' } } }],
  ['orders: a rule that is no decimal', orders, 'rules["A"].minNotional', { rules: { A: { minNotional: 'x' } } }],
  ['orders: rules that are none', orders, 'rules', { rules: 5 }],
  ['orders: negative wait', orders, 'busyTimeout', { busyTimeout: -1 }],
  ['orders: wait beyond a timer', orders, 'busyTimeout', { busyTimeout: 2 ** 31 }],
  ['orders: a file that is none', orders, 'path', { path: ':memory:' }],
  ['pool: connections', pool, 'maxConnections', { maxConnections: 0 }],
  ['strategies: an option of one', strategies, 'b.confg', { strategies: { a: { module }, b: { module, confg: 1 } } }],
  ['strategies: none', strategies, 'strategies', { strategies: 5 }],
  ['strategies: a key', strategies, 'key', { strategies: { 'a\nb': { module } } }],
  ['strategies: a config', strategies, 'a.config', { strategies: { a: { module, config: { f: () => {} } } } }],
  ['validators: a module', validators, 'a.module', { validators: { a: { module: 5 } } }],
  ['validators: a recipe', validators, 'a', { validators: { a: null } }],
])('a constructor that throws leaves nothing behind: %s', async (_, open, option, options) => {
  await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
  expect(() => open(coordinator, options)).toThrow(
    expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option),
  )
  expect(coordinator.list()).toEqual([])
  expect(open(coordinator, {}).name).toBeTruthy()
})

test.each<[string, string, (factory: ConnectorFactory) => unknown]>([
  ['an option nobody knows', 'retrys', (f) => f.configure('kraken', { retrys: 1 } as object)],
  ['a bad value', 'retries', (f) => f.configure('kraken', { retries: -1 })],
  ['an address', 'urls.rest', (f) => f.configure('kraken', { urls: { rest: 'nowhere' } })],
  ['another exchange', 'exchange', (f) => f.configure('kraken', { exchange: 'binance' } as object)],
  ['what cannot be cloned', 'exchangeOptions', (f) => f.configure('kraken', { exchangeOptions: { f: () => {} } })],
  ['defaults', 'retrys', () => new ConnectorFactory({ retrys: 1 } as object)],
  ['the configuration of a module', 'config', (f) => f.register('kraken', module, { f: () => {} })],
])('a factory of connectors refuses %s, and the id stays free', (_, option, use) => {
  const factory = new ConnectorFactory()
  expect(() => use(factory)).toThrow(
    expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option),
  )
  factory.configure('kraken', { retries: 1 })
  expect(factory.recipe('kraken').config).toEqual({ retries: 1, exchange: 'kraken' })
})
