import type { OrderServiceConfig } from '../src/services/orders/config.ts'
import { OrderService } from '../src/services/orders/order-service.ts'
import { defineComponent } from '../src/worker.ts'

/** Orders in a SQLite file, in a thread of their own. */
export default defineComponent((config: OrderServiceConfig, context) => {
  const service = new OrderService(config)
  service.reportMemory(context)
  return service
})
