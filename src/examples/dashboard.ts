/* The dashboard: what is loaded, what it holds, what would go next; as a page, as JSON, and for Prometheus. With --stay until Ctrl-C. */
import { randomUUID } from 'node:crypto'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setInterval as every } from 'node:timers/promises'
// In a program of your own: from 'spillway', 'spillway/dashboard' and 'spillway/services'.
import { createDashboard } from '../dashboard/index.ts'
import { ComponentCoordinator, formatLedger } from '../index.ts'
import { LazyHistoricalDataService, LazyOrderService } from '../services/index.ts'
import type prices from './components/prices.ts'

const stays = process.argv.includes('--stay')
await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
await using coordinator = new ComponentCoordinator({ memory: { totalLimit: '512mb' } })
const orders = new LazyOrderService(coordinator, { path: join(folder.path, 'orders.db') })
const history = new LazyHistoricalDataService(coordinator, { path: join(folder.path, 'market.db') })
const feed = coordinator.registerComponent<typeof prices>({
  name: 'feed',
  module: new URL('./components/prices.ts', import.meta.url),
  config: { days: 2_000_000 },
})

const token = randomUUID()
const dashboard = createDashboard(coordinator, { port: stays ? 8080 : 0, token, actions: true })
const { url } = await dashboard.start()
console.log(`dashboard: ${url}/#token=${token}`)

await history.importSynthetic({ seed: 1, count: 50_000 })
await orders.createOrder({ symbol: 'BTC/USDT', side: 'buy', quantity: '1', price: '60000' })
await Promise.all(Array.from({ length: 100 }, async (_, day) => feed.close(day)))
await feed.crash().catch(() => {})
await feed.close(0)

if (stays) {
  process.once('SIGINT', () => void dashboard.stop().then(() => process.exit()))
  for await (const _ of every(1_000)) await feed.close(0)
}

// Everything on the page is also JSON.
interface Figures {
  readonly components: readonly { readonly name: string; readonly state: string; readonly crashes: number }[]
}
await coordinator.memory.sample()
const { components } = (await (await fetch(`${url}/api/components`)).json()) as Figures
for (const { name, state, crashes } of components) console.log(`${name}: ${state}, ${crashes} crashes`)

// What changes something wants the token.
const unload = async (authorization: string): Promise<number> => {
  const headers = { authorization, 'content-type': 'application/json' }
  return (await fetch(`${url}/api/components/feed/unload`, { method: 'POST', headers, body: '{}' })).status
}
console.log(`unload without a token: ${await unload('')}; with it: ${await unload(`Bearer ${token}`)}`)

const scraped = await (await fetch(`${url}/metrics`)).text()
console.log(/^spillway_component_crashes_total\{.*component="feed".*$/m.exec(scraped)?.[0])
console.log(formatLedger(coordinator.memory.ledger()).split('\n')[0])
await dashboard.stop()
