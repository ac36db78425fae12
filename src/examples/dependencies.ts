/* Dependencies: risk asks exposure, exposure asks history and orders, history asks an exchange; worker to worker, each loaded when it is needed. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComponentCoordinator, isComponentLoadError, isDependencyCycleError } from '../index.ts'
import {
  ConnectorFactory,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
} from '../services/index.ts'
import { MadeUpExchange } from '../demo/exchange/made-up-exchange.ts'
import type risk from './components/risk.ts'

await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
await using exchange = await MadeUpExchange.start(2026)
await using coordinator = new ComponentCoordinator()
coordinator.on('load', ({ name }) => console.log(`loaded: ${name}`))
coordinator.on('unload', ({ name }) => console.log(`unloaded: ${name}`))
const moduleOf = (name: string): URL => new URL(`./components/${name}.ts`, import.meta.url)

const factory = new ConnectorFactory()
factory.configure('binance', { urls: { rest: exchange.restUrl, ws: exchange.socketUrl } })
new LazyConnectorManager(coordinator, { factory }).getConnector('binance')
const orders = new LazyOrderService(coordinator, { path: join(folder.path, 'orders.db') })
const history = new LazyHistoricalDataService(coordinator, {
  path: join(folder.path, 'market.db'),
  // An optional dependency: loaded by the first candle that is not stored.
  connector: { component: 'exchange-connector:binance' },
})
coordinator.registerComponent({
  name: 'exposure',
  module: moduleOf('exposure'),
  config: { symbol: 'BTC/USDT' },
  dependencies: [history.name, orders.name],
})
const risks = coordinator.registerComponent<typeof risk>({
  name: 'risk',
  module: moduleOf('risk'),
  config: { limit: 1_000_000 },
  dependencies: ['exposure'],
})

const { id } = await orders.createOrder({ symbol: 'BTC/USDT', side: 'buy', quantity: '2', price: '60000' })
await orders.updateOrder(id, { status: 'open' })
console.log(`risk: ${await risks.check(Date.UTC(2026, 0, 8))}`)
console.log(`history is needed by: ${coordinator.info(history.name).dependents.join(', ')}`)

// A dependency that is gone is loaded again by whoever calls it.
await orders.unload()
console.log(`risk: ${await risks.check(Date.UTC(2026, 0, 8))}`)

try {
  coordinator.registerComponent({ name: 'a', module: moduleOf('risk'), dependencies: ['b'] })
  coordinator.registerComponent({ name: 'b', module: moduleOf('risk'), dependencies: ['a'] })
} catch (error) {
  if (isDependencyCycleError(error)) console.log(`a cycle: ${error.path?.join(' -> ')}`)
}
try {
  await coordinator.getComponent('a')
} catch (error) {
  if (isComponentLoadError(error)) console.log(`a dependency that nobody registered: ${error.chain?.join(' -> ')}`)
}

// At the end those that depend on others go first.
await coordinator.shutdown()
