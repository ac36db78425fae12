/* Memory pressure: what is least important and idle goes when memory runs short, and comes back with its next call. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator, isInsufficientMemoryError } from '../index.ts'
import type cache from './components/cache.ts'

const mib = 1024 ** 2
await using coordinator = new ComponentCoordinator({
  // So small, and so impatient, that there is something to see.
  memory: { totalLimit: 322 * mib, minIdleTime: 0, checkInterval: 500 },
  spareWorkers: 0,
})
coordinator.on('pressure', ({ level, previous }) => console.log(`pressure: ${previous} -> ${level}`))

const register = (name: string, priority: number) =>
  coordinator.registerComponent<typeof cache>({
    name,
    module: new URL('./components/cache.ts', import.meta.url),
    config: { megabytes: 48 },
    memoryEstimate: 70 * mib,
    // Lower is more important.
    priority,
  })
const quotes = register('quotes', 10)
const history = register('history', 50)
const news = register('news', 90)

for (const each of [quotes, history, news]) await each.megabytes()
const { usage, limit } = await coordinator.memory.sample()
console.log(`three caches are loaded: ${usage < limit ? 'below' : 'above'} the limit`)
const { victims } = coordinator.memory.plan('critical')
console.log(`would go first: ${victims[0]?.name}`)

// A fourth one does not fit beside them: the least important one makes room before it is loaded.
const orders = register('orders', 20)
await orders.megabytes()
console.log(`loaded now: ${loaded()}`)

// What is needed is asked for; a lease keeps a component from being unloaded.
{
  using lease = await coordinator.acquire<typeof cache>('quotes')
  const { satisfied, unloaded } = await coordinator.memory.freeMemory(60 * mib)
  console.log(`60 MiB freed: ${satisfied}, by unloading ${unloaded.join(', ')}`)
  console.log(`the one in use is still there: ${(await lease.component.megabytes()) > 0}`)
}

console.log(`back with its next call: ${(await news.megabytes()) > 0}`)

// One that grows by itself, until that is pressure: the others are asked to trim, and what that does not bring is unloaded.
for (let step = 0; !coordinator.memory.isAtLeast('high') && step < 64; step++) {
  await orders.grow(8)
  await coordinator.memory.sample()
}
const highest = 0.85 * limit
await until(() => coordinator.memory.usage < highest)
console.log(`usage is ${coordinator.memory.usage < highest ? 'below' : 'still above'} the high threshold again`)
console.log(
  `unloads so far: ${coordinator.list().reduce((sum, { unloads }) => sum + unloads, 0) >= 2 ? 'two or more' : 'few'}`,
)

try {
  coordinator.registerComponent({
    name: 'whale',
    module: new URL('./components/cache.ts', import.meta.url),
    config: { megabytes: 1 },
    memoryEstimate: 1024 * mib,
    timeout: 1_000,
  })
  await coordinator.getComponent('whale')
} catch (error) {
  if (isInsufficientMemoryError(error)) console.log(`what can never fit is refused: ${error.code}`)
}

function loaded(): string {
  return coordinator
    .list()
    .filter(({ state }) => state === 'ready')
    .map(({ name }) => name)
    .join(', ')
}

/** The manager samples by itself, but a coordinator that has nothing to do does not keep a program alive: this does. */
async function until(reached: () => boolean): Promise<void> {
  for (let tries = 0; !reached() && tries < 200; tries++) await sleep(100)
}
