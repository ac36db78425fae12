/* Dynamic loading: strategies and validators of the user's own, each a module with a configuration, loaded and unloaded by name. */
import { ComponentCoordinator, isComponentNotFoundError } from '../index.ts'
import { LazyStrategyManager, LazyValidatorManager } from '../services/index.ts'
import type movingAverage from './components/moving-average.ts'
import type { Signal } from './components/moving-average.ts'

await using coordinator = new ComponentCoordinator()
const component = (name: string): URL => new URL(`./components/${name}.ts`, import.meta.url)

const strategies = new LazyStrategyManager<{ symbol: string; last: number }, Signal>(coordinator, {
  strategies: {
    fast: { module: component('moving-average'), config: { symbol: 'BTC/USDT', short: 2, long: 4 } },
    slow: { module: component('moving-average'), config: { symbol: 'BTC/USDT', short: 5, long: 20 } },
  },
})
const validators = new LazyValidatorManager(coordinator, {
  validators: { limits: { module: component('order-limits'), config: { symbols: ['BTC/USDT'], maxQuantity: 10 } } },
})

await strategies.start('fast')
console.log(
  strategies
    .list()
    .map(({ key, started, state }) => `${key}: started ${started}, ${state}`)
    .join('; '),
)

for (const last of [100, 100, 100, 100, 120, 125]) {
  const { signals } = await strategies.onMarketData({ symbol: 'BTC/USDT', last })
  for (const { key, signal } of signals) {
    console.log(`${key}: ${signal.side} at ${signal.price}`)
    for (const quantity of ['1', '1000']) {
      const order = { symbol: signal.symbol, side: signal.side, quantity, price: String(signal.price) }
      const { valid, problems } = await validators.validateAll(order)
      console.log(`an order of ${quantity}: ${valid ? 'valid' : problems.map(({ rule }) => rule).join(', ')}`)
    }
  }
}

// What it had seen and done is there again after an unload; updates meanwhile do not load it.
await strategies.stop('fast')
await strategies.onMarketData({ symbol: 'BTC/USDT', last: 130 })
console.log(`stopped: ${coordinator.info('strategy:fast').state}`)
await strategies.start('fast')
const fast = strategies.strategy<typeof movingAverage>('fast')
console.log(`started again: position ${await fast.position()}, ${await fast.pricesSeen()} prices remembered`)
console.log(`the slow one was never needed: ${coordinator.list().every(({ name }) => name !== 'strategy:slow')}`)

try {
  await strategies.start('unheard-of')
} catch (error) {
  if (isComponentNotFoundError(error)) console.log(error.message)
}
