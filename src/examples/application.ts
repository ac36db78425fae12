/* An application: a Fastify server over an order service and history, with probes, and an orderly end at SIGTERM. For NestJS see `spillway/nestjs`. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
// In a program of your own: from 'spillway', 'spillway/fastify' and 'spillway/services'.
import { isOverloadedError } from '../index.ts'
import { spillway } from '../integrations/fastify.ts'
import {
  isOrderNotFoundError,
  isOrderRuleError,
  LazyHistoricalDataService,
  LazyOrderService,
} from '../services/index.ts'
import type { OrderInput } from '../services/index.ts'

await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
const app = Fastify()
await app.register(spillway, {
  coordinator: { memory: { totalLimit: '512mb' } },
  // After SIGTERM its load balancer has time to notice; then requests under way end, and the components go.
  signals: ['SIGTERM', 'SIGINT'],
  drainDelay: 100,
})
const orders = new LazyOrderService(app.spillway, {
  path: join(folder.path, 'orders.db'),
  rules: { '*': { minNotional: '10' } },
})
const history = new LazyHistoricalDataService(app.spillway, { path: join(folder.path, 'market.db') })

app.post<{ Body: OrderInput }>('/orders', async ({ body }, reply) =>
  reply.code(201).send(await orders.createOrder(body)),
)
app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }) => orders.getOrder(params.id))
app.get('/symbols', async () => history.listSymbols())
// What the services throw arrives as what it was, and becomes a status.
app.setErrorHandler(async (error, _request, reply) => {
  if (isOrderNotFoundError(error)) return reply.code(404).send({ error: error.code })
  if (isOrderRuleError(error)) return reply.code(422).send({ error: error.rule })
  if (isOverloadedError(error)) return reply.code(503).send({ error: error.code })
  throw error
})

const address = await app.listen({ port: 0, host: '127.0.0.1' })
const ask = async (path: string, body?: object): Promise<[status: number, answer: Record<string, unknown>]> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${address}${path}`, body && { method: 'POST', headers, body: JSON.stringify(body) })
  return [response.status, (await response.json()) as Record<string, unknown>]
}

const order = { clientOrderId: 'a-1', symbol: 'BTC/USDT', side: 'buy', quantity: '0.5', price: '60000' }
const [created, { id, status }] = await ask('/orders', order)
console.log(`POST /orders: ${created}, ${String(status)}`)
const [again, { id: same }] = await ask('/orders', order)
console.log(`the same order sent again: ${again}, ${same === id ? 'the same id' : 'another one'}`)
console.log(`GET /orders/nobody: ${(await ask('/orders/nobody'))[0]}`)
const [refused, { error: rule }] = await ask('/orders', { ...order, clientOrderId: 'a-2', quantity: '0.0001' })
console.log(`an order below ten: ${refused}, ${String(rule)}`)
const [ready, { status: health, pressure, components }] = await ask('/health/ready')
console.log(
  `GET /health/ready: ${ready} ${String(health)}, pressure ${String(pressure)}, ${JSON.stringify(components)}`,
)

const late = ask(`/orders/${String(id)}`)
app.server.once('request', () => process.kill(process.pid, 'SIGTERM'))
console.log(`a request that came before SIGTERM: ${(await late)[0]}`)
