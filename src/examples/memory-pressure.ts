/* Memory pressure: orders, history and ticks in 340 MiB. What is least important and idle goes when memory runs short, and comes back with its next call. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator, isInsufficientMemoryError } from '../index.ts'
import { LazyHistoricalDataService, LazyOrderService } from '../services/index.ts'
import type ticks from './components/ticks.ts'

await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
await using coordinator = new ComponentCoordinator({
  // So small, and so impatient, that there is something to see.
  memory: { totalLimit: '340mb', minIdleTime: 0, checkInterval: 500 },
  spareWorkers: 0,
})
coordinator.on('pressure', ({ level, previous }) => console.log(`pressure: ${previous} -> ${level}`))
coordinator.on('unload', ({ name, reason }) => console.log(`unloaded: ${name} (${reason})`))

// Lower is more important; what has 10 or less goes at critical pressure only.
const orders = new LazyOrderService(coordinator, {
  path: join(folder.path, 'orders.db'),
  priority: 10,
  memoryEstimate: '24mb',
})
const history = new LazyHistoricalDataService(coordinator, {
  path: join(folder.path, 'market.db'),
  priority: 90,
  memoryEstimate: '50mb',
})
const ticksOf = (name: string, priority: number, megabytes: number) =>
  coordinator.registerComponent<typeof ticks>({
    name,
    module: new URL('./components/ticks.ts', import.meta.url),
    config: { megabytes },
    memoryEstimate: (megabytes + 24) * 1024 ** 2,
    priority,
  })
const [btc, eth, sol] = [ticksOf('btc', 30, 48), ticksOf('eth', 50, 48), ticksOf('sol', 20, 96)]

await orders.createOrder({ symbol: 'BTC/USDT', side: 'buy', quantity: '1', price: '60000' })
const start = Date.UTC(2020, 0, 1)
await history.importSynthetic({ seed: 1, count: 200_000 })
await history.getHistoricalData('SYNTHETIC', start, start + 200_000 * 60_000, '1m')
for (const each of [btc, eth]) await each.mean()
console.log(`loaded: ${loaded()}`)
console.log(`would go first: ${coordinator.memory.plan('critical').victims[0]?.name}`)

// One more does not fit beside them: the least important makes room before it is loaded.
await sol.mean()
console.log(`loaded: ${loaded()}`)

// Memory for something large of one's own is asked for. What is in use stays: here a lease keeps the ticks of BTC.
{
  using _lease = await coordinator.acquire('btc')
  const { satisfied, unloaded } = await coordinator.memory.freeMemory('40mb')
  console.log(`40 MiB are free: ${satisfied}, for which went ${unloaded.join(', ')}`)
}
console.log(`history is back with its next call: ${(await history.listSymbols()).length} symbol`)

// What a load was promised and has not taken is free again a second later.
while ((await coordinator.memory.sample()).reservations > 0) await sleep(100)

// One that grows while it is in use: that is pressure, and what is less important makes room.
{
  using lease = await coordinator.acquire<typeof ticks>('sol')
  const { usage, limit } = await coordinator.memory.sample()
  await lease.component.record(Math.ceil((0.88 * limit - usage) / 1024 ** 2))
  await coordinator.memory.sample()
  while (coordinator.memory.usage > 0.85 * limit) await sleep(100)
  console.log(`usage is below the high threshold again; loaded: ${loaded()}`)
}

const whale = new LazyHistoricalDataService(coordinator, {
  name: 'whale',
  path: join(folder.path, 'whale.db'),
  memoryEstimate: '1gb',
})
const error: unknown = await whale.listSymbols().catch((e: unknown) => e)
if (isInsufficientMemoryError(error)) console.log(`what can never fit is refused: ${error.code}`)
console.log(`the order is still there: ${(await orders.listOrders()).orders.length}`)

function loaded(): string {
  return coordinator
    .list()
    .filter(({ state }) => state === 'ready')
    .map(({ name }) => name)
    .join(', ')
}
