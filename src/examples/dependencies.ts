/* Dependencies: loaded first, called worker to worker, and kept as long as somebody who needs them is loaded. */
import { ComponentCoordinator, isComponentLoadError, isDependencyCycleError } from '../index.ts'
import type report from './components/report.ts'

await using coordinator = new ComponentCoordinator()
const component = (name: string): URL => new URL(`./components/${name}.ts`, import.meta.url)
coordinator.on('load', ({ name }) => console.log(`loaded: ${name}`))
coordinator.on('unload', ({ name }) => console.log(`unloaded: ${name}`))

coordinator.registerComponent({ name: 'prices', module: component('prices'), config: { days: 1_000 } })
coordinator.registerComponent({
  name: 'portfolio',
  module: component('portfolio'),
  config: { BTC: 2, ETH: 30 },
  dependencies: ['prices'],
})
const reports = coordinator.registerComponent<typeof report>({
  name: 'report',
  module: component('report'),
  dependencies: ['portfolio'],
})

console.log(`gain: ${await reports.gain(0, 75)}`)
console.log(`prices are needed by: ${coordinator.info('prices').dependents.join(', ')}`)

// A dependency that is gone is loaded again by whoever calls it.
await coordinator.unloadComponent('prices')
console.log(`gain: ${await reports.gain(0, 25)}`)

try {
  coordinator.registerComponent({ name: 'a', module: component('report'), dependencies: ['b'] })
  coordinator.registerComponent({ name: 'b', module: component('report'), dependencies: ['a'] })
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
