/*
 * Writes orders until it is killed, and prints a line for each answer it got: client order id, id, status, version.
 * Arguments: the database file, a prefix for the client order ids, the number of orders, how many at a time.
 */
import { writeSync } from 'node:fs'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import type { Order } from '../../../src/services/orders/order.ts'

const [path = '', prefix = '', count = '0', concurrency = '1'] = process.argv.slice(2)
const orders = new OrderService({ path })
let next = 0

function acknowledge({ clientOrderId, id, status, version }: Order): void {
  writeSync(1, `${clientOrderId} ${id} ${status} ${version}\n`)
}

async function write(): Promise<void> {
  while (next < Number(count)) {
    const i = next
    next += 1
    const order = await orders.createOrder({
      clientOrderId: `${prefix}-${i}`,
      symbol: `S${i % 7}`,
      side: i % 2 === 0 ? 'buy' : 'sell',
      quantity: '0.3',
      price: `${i + 1}.25`,
    })
    acknowledge(order)
    if (i % 3 !== 0) continue
    acknowledge(await orders.updateOrder(order.id, { status: 'open' }))
    acknowledge(await orders.addFill(order.id, { id: 'f1', quantity: '0.1', price: '1.1' }))
    acknowledge(await orders.addFill(order.id, { id: 'f2', quantity: '0.2', price: '1.2' }))
  }
}

await Promise.all(Array.from({ length: Number(concurrency) }, write))
orders[Symbol.dispose]()
