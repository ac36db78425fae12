/* Several services on one coordinator: from a price to an order, through four workers. One that dies takes no other with it. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComponentCoordinator, isComponentCrashedError } from '../index.ts'
import { isOrderRuleError, LazyOrderService, LazyStrategyManager, LazyValidatorManager } from '../services/index.ts'
import type { Signal } from './components/moving-average.ts'
import type prices from './components/prices.ts'
import type { TextIndex } from './components/text-index.ts'

await using folder = await mkdtempDisposable(join(tmpdir(), 'spillway-example-'))
await using coordinator = new ComponentCoordinator()
const moduleOf = (name: string): URL => new URL(`./components/${name}.ts`, import.meta.url)

const orders = new LazyOrderService(coordinator, {
  path: join(folder.path, 'orders.db'),
  rules: { 'BTC/USDT': { quantityStep: '0.001', minNotional: '10' } },
})
const strategies = new LazyStrategyManager<{ symbol: string; last: number }, Signal>(coordinator, {
  strategies: { fast: { module: moduleOf('moving-average'), config: { symbol: 'BTC/USDT', short: 2, long: 4 } } },
})
const validators = new LazyValidatorManager(coordinator, {
  validators: { limits: { module: moduleOf('order-limits'), config: { symbols: ['BTC/USDT'], maxQuantity: 10 } } },
})
// A class that was there before Spillway is wrapped as it is.
const notes = coordinator.registerComponent<typeof TextIndex>({
  name: 'notes',
  module: moduleOf('text-index'),
  export: 'TextIndex',
})
const feed = coordinator.registerComponent<typeof prices>({
  name: 'feed',
  module: moduleOf('prices'),
  config: { days: 400 },
})

// Loaded ahead of the first calls, side by side.
await coordinator.preload([orders.name, 'notes', 'feed'])
await strategies.start('fast')

for await (const { close: last } of feed.days(200, 400)) {
  const { signals } = await strategies.onMarketData({ symbol: 'BTC/USDT', last })
  for (const { signal } of signals) {
    const order = { symbol: signal.symbol, side: signal.side, quantity: '0.5', price: signal.price.toFixed(2) }
    const { valid } = await validators.validateAll(order)
    if (!valid) continue
    const { id, status } = await orders.createOrder({ ...order, clientOrderId: `fast-${signal.side}-${order.price}` })
    await notes.add(`${signal.side} at ${order.price}`)
    const { filledValue } = await orders.addFill(id, { id: `fill-${id}`, quantity: '0.5', price: order.price })
    console.log(`${order.side} at ${order.price}: ${status}, then filled for ${filledValue}`)
  }
}
console.log(`workers: ${coordinator.list().filter(({ state }) => state === 'ready').length}`)

const tooSmall = { symbol: 'BTC/USDT', side: 'buy', quantity: '0.001', price: '100' } as const
const refused: unknown = await orders.createOrder(tooSmall).catch((e: unknown) => e)
if (isOrderRuleError(refused)) console.log(`an order below ten: refused by ${refused.rule}`)

// The price feed dies in the middle of a call; orders and notes go on, and the next call has it again.
const results = await Promise.allSettled([feed.crash(), orders.listOrders(), notes.find('buy')])
console.log(results.map(({ status }) => status).join(', '))
const [crashed] = results
if (crashed.status === 'rejected' && isComponentCrashedError(crashed.reason)) {
  console.log(`the call that was under way rejects: ${crashed.reason.code}, ${crashed.reason.reason}`)
}
console.log(`the next call starts it again: ${(await feed.close(0)).toFixed(2)}`)
