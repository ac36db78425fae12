import { monotonicNow } from '../../../src/base/monotonic.ts'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import { defineComponent, fencingToken, StaleOwnerError } from '../../../src/worker.ts'
import { Fence } from './fence.ts'
import { append } from './record.ts'

export interface OrdersConfig {
  /** The file of the orders, on a disk that all hosts reach. */
  readonly path: string
  readonly record: string
  readonly store: string
  readonly host: string
}

/** What is written down of it is kept under that. */
const key = 'orders'

/** The order service, of which only the owner writes: who comes with an old token is refused. */
export default defineComponent((config: OrdersConfig, context) => {
  const service = new OrderService({ path: config.path, busyTimeout: 5_000 })
  const fence = new Fence(config.store, key)
  return {
    create: async (clientOrderId: string): Promise<string> => {
      const at = monotonicNow()
      const token = fencingToken()
      append(config.record, { what: 'begun', call: clientOrderId, host: config.host, key, token, at })
      if (!fence.admits(token ?? 0)) {
        throw new StaleOwnerError(context.name, token ?? 0, { host: config.host })
      }
      const order = await service.createOrder({
        clientOrderId,
        symbol: 'BTC-USD',
        side: 'buy',
        quantity: '1',
        price: '10',
      })
      return order.id
    },
    find: async (clientOrderId: string): Promise<string | undefined> =>
      (await service.findOrderByClientId(clientOrderId))?.id,
    [Symbol.dispose]: (): void => service[Symbol.dispose](),
  }
})
