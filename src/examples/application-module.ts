/* Application module: a Fastify server whose components live and end with it. For NestJS see `spillway/nestjs`. */
import Fastify from 'fastify'
// In a program of your own: from 'spillway/fastify'.
import { spillway } from '../integrations/fastify.ts'
import type prices from './components/prices.ts'

const app = Fastify()
await app.register(spillway, {
  coordinator: { memory: { totalLimit: 512 * 1024 ** 2 } },
  components: [{ name: 'prices', module: new URL('./components/prices.ts', import.meta.url), config: { days: 1_000 } }],
  // A program that runs on would end by these, after its load balancer had time to notice.
  signals: ['SIGTERM', 'SIGINT'],
  drainDelay: 100,
})
const component = app.spillway.component<typeof prices>('prices')
app.get<{ Params: { day: string } }>('/prices/:day', async ({ params }) => ({
  close: await component.close(Number(params.day)),
}))

const address = await app.listen({ port: 0, host: '127.0.0.1' })
const get = async (path: string): Promise<string> => {
  const response = await fetch(`${address}${path}`)
  return `${response.status} ${await response.text()}`
}

console.log(`GET /prices/0: ${await get('/prices/0')}`)
const ready = JSON.parse((await get('/health/ready')).slice(4)) as { status: string; pressure: string }
console.log(`GET /health/ready: ${ready.status}, pressure ${ready.pressure}`)

const late = get('/prices/1')
app.server.once('request', () => process.kill(process.pid, 'SIGTERM'))
console.log(`a request that came before SIGTERM: ${await late}`)
