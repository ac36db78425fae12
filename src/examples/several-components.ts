/* Several components side by side: each in its own worker, so that one that dies takes no other with it. */
import { ComponentCoordinator, isComponentCrashedError } from '../index.ts'
import type prices from './components/prices.ts'
import type { TextIndex } from './components/text-index.ts'

const module = new URL('./components/prices.ts', import.meta.url)
await using coordinator = new ComponentCoordinator()

const stocks = coordinator.registerComponent<typeof prices>({ name: 'stocks', module, config: { days: 1_000 } })
const bonds = coordinator.registerComponent<typeof prices>({ name: 'bonds', module, config: { days: 2_000 } })
// A class that was there before Spillway is wrapped as it is.
const texts = coordinator.registerComponent<typeof TextIndex>({
  name: 'texts',
  module: new URL('./components/text-index.ts', import.meta.url),
  export: 'TextIndex',
})

// Loaded ahead of the first calls, side by side.
await coordinator.preload(['stocks', 'bonds', 'texts'])
console.log(
  coordinator
    .list()
    .map(({ name, state: is }) => `${name}: ${is}`)
    .join(', '),
)

const threads = new Set([await stocks.thread(), await bonds.thread()])
console.log(`threads of the prices: ${threads.size}`)
await texts.add('A spillway keeps a dam from overflowing')
await texts.add('The dam holds')
console.log(`texts about the dam: ${(await texts.find('dam')).join(', ')}`)

coordinator.on('crash', ({ name, reason }) => console.log(`${name} is gone: ${reason}`))
const results = await Promise.allSettled([stocks.crash(), bonds.close(0), texts.find('spillway')])
console.log(results.map(({ status }) => status).join(', '))
const [crashed] = results
if (crashed.status === 'rejected' && isComponentCrashedError(crashed.reason)) {
  console.log(`the call that was under way rejects: ${crashed.reason.code}`)
}
console.log(`the next call starts it again: ${(await stocks.close(0)).toFixed(2)}`)
