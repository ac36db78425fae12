/* Copies: up to four workers of one component behind one proxy. One that is busy has another one loaded; idle ones go when memory is short. */
import { ComponentCoordinator } from '../index.ts'
import type primes from './components/primes.ts'

await using coordinator = new ComponentCoordinator()
const component = coordinator.registerComponent<typeof primes>({
  name: 'primes',
  module: new URL('./components/primes.ts', import.meta.url),
  instances: { max: 4 },
})

// One call at a time needs one worker.
const first = await component.countBelow(1_000)
const second = await component.countBelow(1_000)
console.log(
  `primes below 1,000: ${first.count}, and again ${second.count}, by ${new Set([first.thread, second.thread]).size} thread`,
)

const results = await Promise.all(Array.from({ length: 8 }, async () => component.countBelow(10_000_000)))
console.log(`primes below 10,000,000: ${[...new Set(results.map(({ count }) => count))].join(', ')}`)
const threads = new Set(results.map(({ thread }) => thread)).size
console.log(
  `eight calls at once: ${threads > 1 ? 'several threads' : 'one thread'}, ${threads <= 4 ? 'four at most' : 'too many'}`,
)
console.log(`calls of all copies together: ${coordinator.info('primes').calls}`)
