import { describe, expect, it } from 'vitest'
import { initialiserOf } from '../../../src/contract/define-component.ts'
import type { ComponentContext } from '../../../src/contract/component-context.ts'
import type { Remote } from '../../../src/index.ts'
import { LazyOrderService, type OrderServiceHost } from '../../../src/services/lazy-order-service.ts'
import type { OrderApi } from '../../../src/services/orders/order.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

type Definition = Parameters<OrderServiceHost['registerComponent']>[0]

/** Loads the component on its first call, in this thread. */
class Host implements OrderServiceHost {
  readonly definitions: Definition[] = []
  readonly pressure: (() => unknown)[] = []
  service: (OrderApi & Disposable) | undefined

  registerComponent<T>(definition: Definition): Remote<T> {
    this.definitions.push(definition)
    return new Proxy(
      {},
      {
        get:
          (_, method: keyof OrderApi) =>
          async (...values: never[]) => {
            this.service ??= await this.#load(definition)
            const call = this.service[method] as (...values: never[]) => unknown
            return await call.apply(this.service, values)
          },
      },
    ) as Remote<T>
  }

  component(): never {
    throw new Error('not asked for')
  }

  info(): never {
    throw new Error('not asked for')
  }

  async unloadComponent(): Promise<never> {
    throw new Error('not asked for')
  }

  async unregisterComponent(): Promise<void> {}

  async #load({ module, config }: Definition): Promise<OrderApi & Disposable> {
    const { default: component } = (await import(String(module))) as { default: unknown }
    const context: Partial<ComponentContext> = {
      signal: new AbortController().signal,
      reportMemory: () => {},
      onPressure: (listener) => {
        this.pressure.push(() => listener('high'))
        return () => undefined
      },
    }
    // Only what the component uses of its context.
    return (await initialiserOf(component)?.(config, context as ComponentContext)) as OrderApi & Disposable
  }
}

describe('LazyOrderService', () => {
  it('registers the order service with what the machine needs to know', () => {
    const host = new Host()
    expect(new LazyOrderService(host, { path: 'orders.db', busyTimeout: 100 }).name).toBe('order-service')
    const [definition] = host.definitions
    expect(definition).toMatchObject({
      name: 'order-service',
      type: 'service',
      memoryEstimate: 104_857_600,
      timeout: 20_000,
      priority: 20,
      config: { path: 'orders.db', busyTimeout: 100 },
    })
    expect(definition?.module).toBe('spillway/services/order-service')
    expect(host.service).toBeUndefined()
  })

  it('passes every call on', async () => {
    using directory = new TemporaryDirectory()
    const host = new Host()
    const orders = new LazyOrderService(host, { path: directory.file('orders.db'), name: 'my-orders', priority: 5 })
    expect(host.definitions[0]).toMatchObject({ name: 'my-orders', priority: 5 })
    try {
      const { id } = await orders.createOrder({
        clientOrderId: 'c1',
        symbol: 'BTC-USD',
        side: 'sell',
        quantity: 2,
        price: '9.5',
      })
      expect(await orders.getOrder(id)).toMatchObject({ status: 'new' })
      expect(await orders.findOrderByClientId('c1')).toMatchObject({ id })
      await orders.updateOrder(id, { status: 'open' })
      await orders.addFill(id, { id: 'f1', quantity: 1, price: '9.5' })
      expect(await orders.listFills(id)).toHaveLength(1)
      expect(await orders.cancelOrder(id, 'enough')).toMatchObject({ status: 'cancelled', filledQuantity: '1' })
      for (const press of host.pressure) await press()
      expect((await orders.listOrders({ symbol: 'BTC-USD' })).orders).toMatchObject([{ id, reason: 'enough' }])
      await expect(orders.getOrder('nope')).rejects.toMatchObject({ code: 'ERR_ORDER_NOT_FOUND' })
    } finally {
      host.service?.[Symbol.dispose]()
    }
  })
})
