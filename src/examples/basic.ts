/* Basic use: a component is registered, loaded by its first call, unloaded, and loaded again by the next call. */
import { threadId } from 'node:worker_threads'
// In a program of your own: from 'spillway'.
import { ComponentCoordinator, isNoSuchMethodError, withCallOptions } from '../index.ts'
import type prices from './components/prices.ts'

await using coordinator = new ComponentCoordinator({ memory: { totalLimit: 512 * 1024 ** 2 } })
const component = coordinator.registerComponent<typeof prices>({
  name: 'prices',
  module: new URL('./components/prices.ts', import.meta.url),
  config: { days: 1_000_000 },
})
const state = (): string => coordinator.info('prices').state

console.log(`registered: ${state()}`)
console.log(`highest price: ${(await component.highest(0, 365)).toFixed(2)}`)
console.log(`after the first call: ${state()}, in another thread: ${(await component.thread()) !== threadId}`)

for await (const { day, close } of component.days(10, 1_000_000)) {
  console.log(`day ${day}: ${close.toFixed(2)}`)
  if (day === 12) break
}
console.log(`with a deadline: ${(await withCallOptions(component, { timeout: 1_000 }).close(0)).toFixed(2)}`)

// Only what the component returned can be called.
const error: unknown = await Reflect.get(component, 'constructor')().catch((e: unknown) => e)
console.log(`anything else is refused: ${isNoSuchMethodError(error)}`)

await coordinator.unloadComponent('prices')
console.log(`unloaded: ${state()}`)
console.log(`the same proxy again: ${(await component.close(0)).toFixed(2)}`)
console.log(`generation ${coordinator.info('prices').generation}, ${coordinator.info('prices').loads} loads`)
