/* Monitoring: what is loaded, what it holds, who waits for what; for people, for logs and for Prometheus. */
import { Registry } from 'prom-client'
import { ComponentCoordinator } from '../index.ts'
import { collectMetrics } from '../metrics/index.ts'
import type prices from './components/prices.ts'

await using coordinator = new ComponentCoordinator()
for (const event of ['load', 'unload', 'crash'] as const) {
  coordinator.on(event, ({ name }: { readonly name: string }) => console.log(`event ${event}: ${name}`))
}
// Metrics are read when they are scraped: nothing is counted twice, and a component that is not loaded is not loaded for it.
const registry = new Registry()
using _metrics = collectMetrics(coordinator, { registry })

const component = coordinator.registerComponent<typeof prices>({
  name: 'prices',
  module: new URL('./components/prices.ts', import.meta.url),
  config: { days: 2_000_000 },
})
await Promise.all(Array.from({ length: 100 }, async (_, day) => component.close(day)))
await component.crash().catch(() => {})
await component.close(0)

const ledger = await coordinator.memory.sample()
const { state, loads, calls, crashes, memory } = coordinator.info('prices')
console.log(`prices: ${state}, ${loads} loads, ${crashes} crash, ${calls} calls`)
const megabytes = (bytes: number): number => Math.round(bytes / 1e6)
console.log(`it holds at least its 16 MB: ${megabytes(memory?.total ?? 0) >= 16}`)
console.log(
  `usage ${ledger.usage <= ledger.limit ? 'is below' : 'is above'} the limit, pressure ${ledger.pressureLevel}`,
)

using lease = await coordinator.locks.acquire('settlement')
const [lock] = coordinator.locks.list()
console.log(`lock ${lease.name}: held by ${lock?.holders.map(({ owner }) => owner).join(', ')}`)

const scraped = (await registry.metrics()).split('\n')
console.log(
  scraped.find((line) => line.startsWith('spillway_component_') && line.includes('component="prices"')) ?? 'no metric',
)
console.log(`metrics: ${scraped.filter((line) => line.startsWith('# TYPE spillway_')).length > 5}`)
