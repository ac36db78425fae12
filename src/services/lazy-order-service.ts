import { extname } from 'node:path'
import { expectKnown, expectRecord, expectString } from '../options.ts'
import type { OrderServiceConfig } from './orders/order-service.ts'
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

export interface LazyOrderServiceOptions extends OrderServiceConfig {
  /** The name of the component. Default 'order-service'. */
  readonly name?: string | undefined
  /** Bytes it is expected to take before that has been measured. Default 100 MiB. */
  readonly memoryEstimate?: number | undefined
  /** To load, ms. Default 20,000. */
  readonly timeout?: number | undefined
  /** 0 to 100; lower is more important. Default 20. */
  readonly priority?: number | undefined
}

/** What it needs of a coordinator. */
export interface OrderServiceHost {
  registerComponent(definition: {
    name: string
    type: string
    module: URL
    config: unknown
    memoryEstimate: number
    timeout: number
    priority: number
  }): unknown
}

const OPTIONS = ['name', 'memoryEstimate', 'timeout', 'priority', 'path', 'rules', 'busyTimeout']

/**
 * The order service as a component: its worker starts with the first call, and again with the first call after an unload.
 * Registers itself with the coordinator.
 */
export class LazyOrderService implements OrderApi {
  readonly name: string
  readonly #remote: OrderApi

  /** @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken. */
  constructor(coordinator: OrderServiceHost, options: LazyOrderServiceOptions) {
    expectKnown(expectRecord('options', options), OPTIONS)
    expectString('path', options.path)
    const {
      name = 'order-service',
      memoryEstimate = 100 * 1024 ** 2,
      timeout = 20_000,
      priority = 20,
      ...config
    } = options
    this.name = name
    // A remote has the methods of the component, each returning a promise; those of OrderApi do anyway.
    this.#remote = coordinator.registerComponent({
      name,
      type: 'service',
      module: new URL(`../../workers/order-service${extname(import.meta.filename)}`, import.meta.url),
      config,
      memoryEstimate,
      timeout,
      priority,
    }) as OrderApi
  }

  createOrder(input: OrderInput): Promise<Order> {
    return this.#remote.createOrder(input)
  }

  getOrder(id: string): Promise<Order> {
    return this.#remote.getOrder(id)
  }

  findOrderByClientId(clientOrderId: string): Promise<Order | null> {
    return this.#remote.findOrderByClientId(clientOrderId)
  }

  updateOrder(id: string, change: OrderChange): Promise<Order> {
    return this.#remote.updateOrder(id, change)
  }

  cancelOrder(id: string, reason?: string): Promise<Order> {
    return this.#remote.cancelOrder(id, reason)
  }

  addFill(orderId: string, fill: FillInput): Promise<Order> {
    return this.#remote.addFill(orderId, fill)
  }

  listFills(orderId: string): Promise<readonly Fill[]> {
    return this.#remote.listFills(orderId)
  }

  listOrders(query?: OrderQuery): Promise<OrderPage> {
    return this.#remote.listOrders(query)
  }
}
