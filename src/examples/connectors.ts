/* Connectors: each exchange in a worker of its own, with ccxt loaded there and nowhere else. The exchange here is made up, and on this machine. */
import { ComponentCoordinator, proxy } from '../index.ts'
import { ConnectorFactory, LazyConnectionPool, LazyConnectorManager } from '../services/index.ts'
import { MadeUpExchange } from '../demo/exchange/made-up-exchange.ts'

await using exchange = await MadeUpExchange.start(2026)
await using coordinator = new ComponentCoordinator()
const factory = new ConnectorFactory()
// It speaks as Binance does; a real one needs no `urls`.
factory.configure('binance', { urls: { rest: exchange.restUrl, ws: exchange.socketUrl } })
const connectors = new LazyConnectorManager(coordinator, { factory })
const stateOf = (id: string): string => coordinator.info(`exchange-connector:${id}`).state

const binance = connectors.getConnector('binance')
console.log(`asked for: ${stateOf('binance')}`)
const { bid, ask } = await binance.getMarketData('BTC/USDT')
console.log(`after the first call: ${stateOf('binance')}, bid below ask: ${(bid ?? 0) < (ask ?? 0)}`)
const { bids } = await binance.getOrderBook('ETH/USDT', 5)
console.log(`an order book: ${bids.length} bids`)
const candles = await binance.getCandles('BTC/USDT', '1h', { limit: 24 })
console.log(`candles: ${candles.length}`)

// A stream is read as fast as it is read; who is slow gets the newest.
let updates = 0
for await (const { last } of binance.subscribeMarketData('BTC/USDT')) if (last !== null && ++updates === 3) break
console.log(`streamed: ${updates} updates`)

// Or it calls back, from the worker, until it is ended.
const called = Promise.withResolvers<string>()
const id = await binance.subscribeMarketData(
  'SOL/USDT',
  proxy(({ symbol }) => called.resolve(symbol)),
)
console.log(`called back with ${await called.promise}; in use: ${coordinator.info('exchange-connector:binance').inUse}`)
await binance.unsubscribe(id)

// Connections of one's own come from a pool: bounded, checked, and shared.
const pool = new LazyConnectionPool(coordinator, { maxConnections: 8 })
const connection = await pool.getConnection(exchange.restUrl)
const { status } = await pool.send(connection, { path: '/api/v3/ping' })
await pool.releaseConnection(connection)
const { idle, held } = await pool.getPoolStats()
console.log(`over the pool: ${status}; connections held: ${held}, idle: ${idle}`)

const unknown: unknown = await connectors
  .getConnector('binanze')
  .getStatus()
  .catch((e: unknown) => e)
if (unknown instanceof Error && unknown.cause instanceof Error) console.log(unknown.cause.message.slice(0, 60))
await connectors.releaseConnector('binanze')

await connectors.releaseConnector('binance')
console.log(`released: ${connectors.listActiveConnectors().length} connectors left`)
