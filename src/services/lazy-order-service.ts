import { LazyComponent } from './lazy-service.ts'
import type { ComponentHost } from './lazy-service.ts'
import { parseOrderServiceConfig } from './orders/config.ts'
import type { OrderServiceConfig } from './orders/config.ts'
import type {
  Fill,
  FillInput,
  Order,
  OrderApi,
  OrderChange,
  OrderInput,
  OrderPage,
  OrderQuery,
} from './orders/order.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'

/** Defaults: name 'order-service', memoryEstimate 100 MiB, timeout 20,000 ms, priority 20. */
export type LazyOrderServiceOptions = OrderServiceConfig & ServiceSettings

/** What it needs of a coordinator. */
export type OrderServiceHost = ComponentHost

const OPTIONS = ['path', 'rules', 'busyTimeout'] satisfies (keyof OrderServiceConfig)[]

/**
 * The order service as a component: its worker starts with the first call, and again with the first call after an unload.
 * Registers itself with the coordinator.
 */
export class LazyOrderService extends LazyComponent<OrderApi> implements OrderApi {
  /** @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken. */
  constructor(coordinator: OrderServiceHost, options: LazyOrderServiceOptions) {
    const { name = 'order-service', own: config, settings } = sortOptions(options, OPTIONS)
    parseOrderServiceConfig({ ...config, path: options.path })
    super(coordinator, {
      memoryEstimate: 100 * 1024 ** 2,
      timeout: 20_000,
      priority: 20,
      ...settings,
      name,
      type: 'service',
      module: 'spillway/services/order-service',
      config,
    })
  }

  createOrder(input: OrderInput): Promise<Order> {
    return this.remote.createOrder(input)
  }

  getOrder(id: string): Promise<Order> {
    return this.remote.getOrder(id)
  }

  findOrderByClientId(clientOrderId: string): Promise<Order | null> {
    return this.remote.findOrderByClientId(clientOrderId)
  }

  updateOrder(id: string, change: OrderChange): Promise<Order> {
    return this.remote.updateOrder(id, change)
  }

  cancelOrder(id: string, reason?: string): Promise<Order> {
    return this.remote.cancelOrder(id, reason)
  }

  addFill(orderId: string, fill: FillInput): Promise<Order> {
    return this.remote.addFill(orderId, fill)
  }

  listFills(orderId: string): Promise<readonly Fill[]> {
    return this.remote.listFills(orderId)
  }

  listOrders(query?: OrderQuery): Promise<OrderPage> {
    return this.remote.listOrders(query)
  }
}
