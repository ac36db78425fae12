import { expect, test } from 'vitest'
import Fastify from 'fastify'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import { spillway } from '../../../src/integrations/fastify.ts'
import {
  generateCandles,
  LazyConnectionPool,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
  LazyStrategyManager,
  LazyValidatorManager,
} from '../../../src/services/index.ts'
import { parseCandleConnectorConfig } from '../../../src/services/historical-data/candle-connector.ts'
import { parsePrefetch } from '../../../src/services/historical-data/prefetch.ts'
import { parseTarget } from '../../../src/services/connection-pool/target.ts'
import { parsePoolConfig } from '../../../src/services/connection-pool/config.ts'
import { parseConnectorConfig } from '../../../src/services/connectors/config.ts'
import { silent } from '../../services/connectors/connector-fixture.ts'

/** What somebody wrote who mistyped an option. */
const wrong = { tiemout: 5 } as object

const module = new URL('../../../src/examples/components/moving-average.ts', import.meta.url)

test.each<[string, string, (coordinator: ComponentCoordinator) => unknown]>([
  ['historical data', 'tiemout', (c) => new LazyHistoricalDataService(c, { path: 'x.db', ...wrong })],
  ['candle connector', 'connector.tiemout', () => parseCandleConnectorConfig({ component: 'x', ...wrong })],
  ['prefetch', 'tiemout', () => parsePrefetch(['A'], '1h', wrong, 0)],
  ['synthetic candles', 'tiemout', () => generateCandles({ seed: 1, count: 1, ...wrong })],
  ['orders', 'tiemout', (c) => new LazyOrderService(c, { path: 'x.db', ...wrong })],
  ['connectors', 'tiemout', (c) => new LazyConnectorManager(c, wrong)],
  ['addresses', 'urls.tiemout', () => parseConnectorConfig({ exchange: 'binance', urls: wrong })],
  ['strategies', 'tiemout', (c) => new LazyStrategyManager(c, wrong)],
  ['a strategy', 'a.tiemout', (c) => new LazyStrategyManager(c, { strategies: { a: { module, ...wrong } } })],
  ['validators', 'tiemout', (c) => new LazyValidatorManager(c, wrong)],
  ['connection pool', 'tiemout', (c) => new LazyConnectionPool(c, wrong)],
  ['TLS', 'tls.tiemout', () => parsePoolConfig({ tls: wrong })],
  ['a connection', 'request.tiemout', () => parseTarget('http://localhost', wrong)],
  ['a lock', 'tiemout', async (c) => c.locks.acquire('a', wrong)],
  ['the Fastify plugin', 'tiemout', async () => Fastify().register(spillway, wrong)],
])('an unknown option is refused by name: %s', async (_, option, make) => {
  await using coordinator = new ComponentCoordinator({ logger: silent, spareWorkers: 0 })
  await expect((async () => make(coordinator))()).rejects.toSatisfy(
    (error) => isInvalidOptionsError(error) && error.option === option,
  )
})
