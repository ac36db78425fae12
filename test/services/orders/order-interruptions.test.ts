import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ComponentDefinition } from '../../../src/contract/component-definition.ts'
import { ComponentCoordinator } from '../../../src/coordinator.ts'
import { isComponentCrashedError } from '../../../src/contract/errors.ts'
import type { LossReason } from '../../../src/contract/errors.ts'
import type { Remote } from '../../../src/contract/remote.ts'
import { LazyOrderService } from '../../../src/services/lazy-order-service.ts'
import { isOrderTransitionError } from '../../../src/services/orders/order-errors.ts'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import type { Order } from '../../../src/services/orders/order.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

/** Orders in one run; set ORDERS=10000 for a long one. */
const ORDERS = Number(process.env['ORDERS'] ?? 2_000)
const CLIENTS = 64

interface Run {
  coordinator: ComponentCoordinator
  orders: LazyOrderService
  path: string
}

/** @param changes to the definition of the component, whatever the service says of it. */
function setUp(changes: Partial<ComponentDefinition> = {}): Run {
  const directory = new TemporaryDirectory()
  onTestFinished(() => directory[Symbol.dispose]())
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(async () => void (await coordinator.shutdown()))
  const path = directory.file('orders.db')
  const host = {
    registerComponent: <T>(definition: ComponentDefinition): Remote<T> => {
      const remote: object = coordinator.registerComponent({ ...definition, ...changes })
      return remote as Remote<T>
    },
    unregisterComponent: async (name: string) => coordinator.unregisterComponent(name),
    unloadComponent: async (name: string) => coordinator.unloadComponent(name),
    component: (name: string) => coordinator.component(name),
    info: (name: string) => coordinator.info(name),
  }
  return { coordinator, orders: new LazyOrderService(host, { path }), path }
}

interface Outcome {
  /** The last answer for each order. */
  acknowledged: Map<string, Order>
  /** Why calls were cut off, and how often. */
  cut: Partial<Record<LossReason, number>>
}

/**
 * Creates orders and fills every third of them. A call that was cut off may or may not have happened: it is sent again as it was, which counts once.
 *
 * @param onAcknowledged told how many orders have been created so far.
 */
async function write(orders: LazyOrderService, onAcknowledged: (count: number) => void): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: new Map(), cut: {} }
  let next = 0
  let created = 0
  const insist = async (send: () => Promise<Order>): Promise<Order> => {
    for (;;) {
      try {
        const order = await send()
        outcome.acknowledged.set(order.clientOrderId, order)
        return order
      } catch (error) {
        if (!isComponentCrashedError(error) || !error.reason) throw error
        outcome.cut[error.reason] = (outcome.cut[error.reason] ?? 0) + 1
      }
    }
  }
  const client = async (): Promise<void> => {
    for (let i = next++; i < ORDERS; i = next++) {
      const input = {
        clientOrderId: `order-${i}`,
        symbol: `S${i % 7}`,
        side: 'buy',
        quantity: '0.3',
        price: '1.5',
      } as const
      const { id } = await insist(async () => orders.createOrder(input))
      if (i % 3 === 0) {
        await insist(async () => {
          try {
            return await orders.updateOrder(id, { status: 'open' })
          } catch (error) {
            // The change that was cut off had happened.
            if (isOrderTransitionError(error) && error.from === 'open') return orders.getOrder(id)
            throw error
          }
        })
        await insist(async () => orders.addFill(id, { id: 'f', quantity: '0.1', price: '1.5' }))
      }
      onAcknowledged(++created)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return outcome
}

/** What of the acknowledged is not in the file, or not as it was acknowledged; and what is there that nobody sent. */
async function difference(path: string, acknowledged: ReadonlyMap<string, Order>): Promise<unknown[]> {
  const database = new DatabaseSync(path)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  database.close()
  using service = new OrderService({ path })
  const missing = new Map(acknowledged)
  const wrong: unknown[] = []
  let cursor: string | null | undefined
  while (cursor !== null) {
    const page = await service.listOrders({ limit: 1_000, cursor })
    for (const order of page.orders) {
      const known = missing.get(order.clientOrderId)
      missing.delete(order.clientOrderId)
      if (!known || JSON.stringify(known) !== JSON.stringify(order)) wrong.push(known, order)
    }
    cursor = page.cursor
  }
  return [...missing.values(), ...wrong]
}

describe(`in the middle of ${ORDERS} orders`, () => {
  test(
    'unloads lose nothing that was acknowledged, whether they wait for calls or not',
    { timeout: 60_000 },
    async () => {
      const { coordinator, orders, path } = setUp()
      const unloads: Promise<unknown>[] = []
      const { acknowledged, cut } = await write(orders, (count) => {
        if (count % Math.ceil(ORDERS / 6) !== 0) return
        const deadline = unloads.length % 2 === 0 ? 0 : 5_000
        unloads.push(coordinator.unloadComponent('order-service', { deadline }))
      })
      await Promise.all(unloads)
      expect(coordinator.info('order-service').unloads).toBeGreaterThanOrEqual(4)
      // Those without a deadline cut off what was under way, if it was not over by the time they came to it.
      expect(['terminated']).toEqual(expect.arrayContaining(Object.keys(cut)))
      expect(acknowledged.size).toBe(ORDERS)
      await coordinator.shutdown()
      expect(await difference(path, acknowledged)).toEqual([])
    },
  )

  test('running out of memory loses nothing that was acknowledged', { timeout: 60_000 }, async () => {
    const { coordinator, orders, path } = setUp({
      module: new URL('../../fixtures/leaky-orders.ts', import.meta.url),
      memoryLimit: 96 * 1024 ** 2,
      restart: { intensity: 100 },
    })
    const leaky = coordinator.component<{ leak(): void }>('order-service')
    const leaks: Promise<unknown>[] = []
    const { acknowledged, cut } = await write(orders, (count) => {
      if (count === Math.ceil(ORDERS / 10) || count === Math.ceil(ORDERS / 2)) leaks.push(leaky.leak().catch(() => {}))
    })
    await Promise.all(leaks)
    expect(acknowledged.size).toBe(ORDERS)
    expect(coordinator.info('order-service').crashes).toBeGreaterThanOrEqual(1)
    expect(['memory-limit', 'out-of-memory']).toEqual(expect.arrayContaining(Object.keys(cut)))
    await coordinator.shutdown()
    expect(await difference(path, acknowledged)).toEqual([])
  })
})
