import { array, assert, asyncProperty, nat, tuple } from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import type { PressureLevel } from '../../../src/index.ts'
import type { Order, OrderInput } from '../../../src/services/orders/order.ts'
import { TemporaryDirectory } from './temporary-directory.ts'

const input: OrderInput = { clientOrderId: 'c1', symbol: 'BTC-USD', side: 'buy', quantity: '1.50', price: '100' }
let directory: TemporaryDirectory
let orders: OrderService
let now = 1_000

beforeEach(() => {
  directory = new TemporaryDirectory()
  now = 1_000
  orders = new OrderService(
    { path: directory.file('orders.db'), rules: { '*': { priceTick: '0.5' } } },
    { now: () => now },
  )
})
afterEach(() => {
  orders[Symbol.dispose]()
  directory[Symbol.dispose]()
})

async function openOrder(change: Partial<OrderInput> = {}): Promise<Order> {
  const { id } = await orders.createOrder({ ...input, ...change })
  return orders.updateOrder(id, { status: 'open' })
}

it('refuses ids that are not well-formed, which SQLite would take for one and the same', async () => {
  const { id } = await openOrder()
  const fill = { quantity: '1', price: '100' }
  for (const bad of ['x\ud800', '\udc00x']) {
    const refused: [string, () => Promise<unknown>][] = [
      ['clientOrderId', () => orders.createOrder({ ...input, clientOrderId: bad })],
      ['clientOrderId', () => orders.findOrderByClientId(bad)],
      ['id', () => orders.getOrder(bad)],
      ['exchangeOrderId', () => orders.updateOrder(id, { exchangeOrderId: bad })],
      ['fill.id', () => orders.addFill(id, { ...fill, id: bad })],
      ['orderId', () => orders.listFills(bad)],
    ]
    for (const [option, attempt] of refused) {
      await expect(attempt()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
    }
  }
  const emoji = 'x\u{1f600}\0'
  expect(await orders.createOrder({ ...input, clientOrderId: emoji })).toMatchObject({ clientOrderId: emoji })
})

describe('createOrder', () => {
  it('stores an order, in exact decimals', async () => {
    const order = await orders.createOrder(input)
    expect(order).toEqual({
      id: expect.any(String),
      clientOrderId: 'c1',
      symbol: 'BTC-USD',
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
      quantity: '1.5',
      price: '100',
      stopPrice: null,
      status: 'new',
      filledQuantity: '0',
      remainingQuantity: '1.5',
      filledValue: '0',
      exchangeOrderId: null,
      reason: null,
      createdAt: 1_000,
      updatedAt: 1_000,
      version: 1,
    })
    expect(await orders.getOrder(order.id)).toEqual(order)
    expect(await orders.findOrderByClientId('c1')).toEqual(order)
    expect(await orders.findOrderByClientId('c2')).toBeNull()
  })

  it('gives an order without a client order id one of its own', async () => {
    const { clientOrderId: _, ...rest } = input
    const [a, b] = await Promise.all([orders.createOrder(rest), orders.createOrder(rest)])
    expect(a.clientOrderId).not.toBe(b.clientOrderId)
  })

  it('creates the same order once, also when both arrive together', async () => {
    const [a, b] = await Promise.all([orders.createOrder(input), orders.createOrder({ ...input, quantity: '1.5' })])
    expect(b).toEqual(a)
    const changed = await orders.updateOrder(a.id, { price: '100.5' })
    expect(await orders.createOrder(input)).toEqual(changed)
    expect((await orders.listOrders()).orders).toHaveLength(1)
  })

  it('refuses another order under the same client order id, and says what differs', async () => {
    const { id } = await orders.createOrder(input)
    await expect(orders.createOrder({ ...input, side: 'sell', price: 101 })).rejects.toMatchObject({
      name: 'OrderConflictError',
      code: 'ERR_ORDER_CONFLICT',
      key: 'c1',
      orderId: id,
      fields: ['side', 'price'],
    })
  })

  it('stores nothing of an order that breaks a rule, and all of the others in its group', async () => {
    const outcomes = await Promise.allSettled([
      orders.createOrder({ ...input, clientOrderId: 'a' }),
      orders.createOrder({ ...input, clientOrderId: 'b', price: '100.25' }),
      orders.createOrder({ ...input, clientOrderId: 'c' }),
    ])
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'ERR_ORDER_RULE', rule: 'price-tick' } },
      { status: 'fulfilled' },
    ])
    expect(await orders.findOrderByClientId('b')).toBeNull()
  })
})

describe('updateOrder and cancelOrder', () => {
  it('change an order, each change a version', async () => {
    const { id } = await openOrder()
    now = 2_000
    const changed = await orders.updateOrder(id, { quantity: 2, price: '99.5', exchangeOrderId: 'x-1', reason: 'why' })
    expect(changed).toMatchObject({
      quantity: '2',
      remainingQuantity: '2',
      price: '99.5',
      exchangeOrderId: 'x-1',
      reason: 'why',
      status: 'open',
      createdAt: 1_000,
      updatedAt: 2_000,
      version: 3,
    })
    expect(await orders.cancelOrder(id, 'no longer wanted')).toMatchObject({
      status: 'cancelled',
      reason: 'no longer wanted',
      version: 4,
    })
    expect(await orders.cancelOrder(id)).toMatchObject({ reason: 'no longer wanted', version: 4 })
  })

  it('refuse what is illegal, naming it', async () => {
    const { id } = await openOrder()
    await expect(orders.updateOrder(id, { status: 'filled' as never })).rejects.toMatchObject({ rule: 'fills-only' })
    await expect(orders.updateOrder(id, { price: '100.25' })).rejects.toMatchObject({ rule: 'price-tick' })
    await expect(orders.updateOrder(id, { stopPrice: 1 })).rejects.toMatchObject({ rule: 'stop-price-not-allowed' })
    await orders.addFill(id, { id: 'f1', quantity: 1, price: 100 })
    await expect(orders.updateOrder(id, { quantity: 1 })).rejects.toMatchObject({ rule: 'quantity-below-filled' })
    await orders.updateOrder(id, { status: 'expired' })
    await expect(orders.updateOrder(id, { price: 101 })).rejects.toMatchObject({ rule: 'order-closed' })
    await expect(orders.cancelOrder(id)).rejects.toMatchObject({
      name: 'OrderTransitionError',
      code: 'ERR_ORDER_TRANSITION',
      orderId: id,
      from: 'expired',
      to: 'cancelled',
    })
    expect(await orders.getOrder(id)).toMatchObject({ status: 'expired', quantity: '1.5', filledQuantity: '1' })
  })

  it.each([
    ['change', () => orders.updateOrder('x', {})],
    ['change.state', () => orders.updateOrder('x', { state: 'open' } as never)],
    ['status', () => orders.updateOrder('x', { status: 'closed' as never })],
    ['price', () => orders.updateOrder('x', { price: 1.5 })],
    ['reason', () => orders.cancelOrder('x', '')],
    ['id', () => orders.getOrder('')],
    ['clientOrderId', () => orders.findOrderByClientId(1 as never)],
    ['fill', () => orders.addFill('x', null as never)],
    ['fill.id', () => orders.addFill('x', { id: '', quantity: 1, price: 1 })],
    ['fill.at', () => orders.addFill('x', { id: 'f', quantity: 1, price: 1, at: 1.5 })],
  ])('refuse a bad %s', async (option, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
  })

  it('say when there is no such order', async () => {
    const attempts = [
      orders.getOrder('nope'),
      orders.updateOrder('nope', { status: 'open' }),
      orders.cancelOrder('nope'),
      orders.addFill('nope', { id: 'f', quantity: 1, price: 1 }),
      orders.listFills('nope'),
    ]
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_ORDER_NOT_FOUND', orderId: 'nope' } })
    }
  })
})

describe('addFill', () => {
  it('fills an order step by step', async () => {
    const { id } = await openOrder()
    now = 5_000
    expect(await orders.addFill(id, { id: 'f1', quantity: '0.5', price: '99.9', at: 4_000 })).toMatchObject({
      status: 'partially-filled',
      filledQuantity: '0.5',
      remainingQuantity: '1',
      filledValue: '49.95',
    })
    expect(await orders.addFill(id, { id: 'f2', quantity: 1, price: '100.1' })).toMatchObject({
      status: 'filled',
      filledQuantity: '1.5',
      remainingQuantity: '0',
      filledValue: '150.05',
    })
    expect(await orders.listFills(id)).toEqual([
      { id: 'f1', orderId: id, quantity: '0.5', price: '99.9', at: 4_000 },
      { id: 'f2', orderId: id, quantity: '1', price: '100.1', at: 5_000 },
    ])
  })

  it('counts the same fill once, and refuses another under its id', async () => {
    const { id } = await openOrder()
    const fill = { id: 'f1', quantity: '0.5', price: 100 }
    const [first, again] = await Promise.all([
      orders.addFill(id, fill),
      orders.addFill(id, { ...fill, price: '100.0' }),
    ])
    expect(again).toEqual(first)
    await expect(orders.addFill(id, { ...fill, quantity: '0.4' })).rejects.toMatchObject({
      code: 'ERR_ORDER_CONFLICT',
      key: 'f1',
      fields: ['quantity'],
    })
    const other = await openOrder({ clientOrderId: 'c2' })
    expect(await orders.addFill(other.id, fill)).toMatchObject({ filledQuantity: '0.5' })
  })

  it('takes no more than the order has left, whatever became of it, and none of an order that was rejected', async () => {
    const { id } = await openOrder()
    await expect(orders.addFill(id, { id: 'f1', quantity: '1.6', price: 100 })).rejects.toMatchObject({
      rule: 'fill-beyond-quantity',
    })
    await expect(orders.addFill(id, { id: 'f1', quantity: 0, price: 100 })).rejects.toMatchObject({
      rule: 'positive-quantity',
    })
    await orders.cancelOrder(id)
    await expect(orders.addFill(id, { id: 'f1', quantity: '1.6', price: 100 })).rejects.toMatchObject({
      rule: 'fill-beyond-quantity',
    })
    expect(await orders.listFills(id)).toEqual([])
    const rejected = await orders.createOrder({ ...input, clientOrderId: 'c2' })
    await orders.updateOrder(rejected.id, { status: 'rejected' })
    await expect(orders.addFill(rejected.id, { id: 'f1', quantity: 1, price: 100 })).rejects.toMatchObject({
      code: 'ERR_ORDER_TRANSITION',
      from: 'rejected',
    })
  })

  it.each([
    ['in part', '0.5', 'partially-filled'],
    ['whole', '1.5', 'filled'],
  ] as const)(
    'takes a fill, %s, that comes before the acknowledgement, which then moves nothing back',
    async (_, quantity, status) => {
      const { id } = await orders.createOrder(input)
      const fill = { id: 'f1', quantity, price: 100 }
      expect(await orders.addFill(id, fill)).toMatchObject({ status, filledQuantity: quantity })
      expect(await orders.updateOrder(id, { status: 'open', exchangeOrderId: 'x-1' })).toMatchObject({
        status,
        filledQuantity: quantity,
        exchangeOrderId: 'x-1',
      })
      expect(await orders.addFill(id, fill)).toMatchObject({ status, filledQuantity: quantity })
      expect(await orders.listFills(id)).toHaveLength(1)
    },
  )

  it.each([
    ['cancelled', async (id: string) => orders.cancelOrder(id)],
    ['expired', async (id: string) => orders.updateOrder(id, { status: 'expired' })],
  ] as const)('takes fills that were under way when the order was %s', async (status, end) => {
    const { id } = await orders.createOrder(input)
    await end(id)
    const part = { id: 'f1', quantity: '0.5', price: 100 }
    expect(await orders.addFill(id, part)).toMatchObject({ status, filledQuantity: '0.5', remainingQuantity: '1' })
    expect(await orders.addFill(id, part)).toMatchObject({ status, filledQuantity: '0.5' })
    await expect(orders.addFill(id, { ...part, quantity: 1 })).rejects.toMatchObject({ code: 'ERR_ORDER_CONFLICT' })
    expect(await orders.updateOrder(id, { status: 'open', exchangeOrderId: 'x-1' })).toMatchObject({ status })
    // What the exchange confirms of it says nothing new either.
    expect(await orders.updateOrder(id, { status })).toMatchObject({ status })
    expect(await orders.addFill(id, { id: 'f2', quantity: 1, price: 100 })).toMatchObject({
      status: 'filled',
      remainingQuantity: '0',
    })
    await expect(orders.addFill(id, { id: 'f3', quantity: 1, price: 100 })).rejects.toMatchObject({
      code: 'ERR_ORDER_TRANSITION',
    })
  })

  it('adds up to the last digit', async () => {
    let count = 0
    const cents = nat({ max: 10 ** 12 })
    await assert(
      asyncProperty(array(tuple(cents, cents), { minLength: 1, maxLength: 20 }), async (pairs) => {
        count += 1
        const text = (units: number): string => {
          const digits = String(units + 1).padStart(10, '0')
          return `${digits.slice(0, -9)}.${digits.slice(-9)}`
        }
        const { id } = await openOrder({ clientOrderId: `p${count}`, quantity: 10n ** 12n })
        const fills = await Promise.all(
          pairs.map(([quantity, price], i) =>
            orders.addFill(id, { id: `f${i}`, quantity: text(quantity), price: text(price) }),
          ),
        )
        const exact = pairs.map(([quantity, price]) => [BigInt(quantity) + 1n, BigInt(price) + 1n] as const)
        const units = (shown: string | undefined, scale: number): bigint => {
          const [whole = '', decimals = ''] = (shown ?? '').split('.')
          return BigInt(whole + decimals.padEnd(scale, '0'))
        }
        const last = fills.at(-1)
        expect(units(last?.filledQuantity, 9)).toBe(exact.reduce((sum, [quantity]) => sum + quantity, 0n))
        expect(units(last?.filledValue, 18)).toBe(exact.reduce((sum, [quantity, price]) => sum + quantity * price, 0n))
      }),
      { numRuns: 30 },
    )
  })
})

describe('listOrders', () => {
  async function some(count: number, change: (i: number) => Partial<OrderInput> = () => ({})): Promise<Order[]> {
    const made: Order[] = []
    for (let i = 0; i < count; i += 1) {
      now += 10
      made.push(await orders.createOrder({ ...input, clientOrderId: `l${made.length}-${now}`, ...change(i) }))
    }
    return made
  }
  const ids = (list: readonly Order[]): string[] => list.map((order) => order.id)

  it('filters by symbol, status and time', async () => {
    const made = await some(6, (i) => ({ symbol: i % 2 === 0 ? 'BTC-USD' : 'ETH-USD' }))
    const [a, b, c, d] = ids(made) as [string, string, string, string]
    await orders.cancelOrder(a)
    await orders.updateOrder(b, { status: 'open' })
    const list = async (query: Parameters<typeof orders.listOrders>[0]): Promise<string[]> =>
      ids((await orders.listOrders({ first: 'oldest', ...query })).orders)
    expect(await list({})).toEqual(ids(made))
    expect(await list({ first: 'newest' })).toEqual(ids(made).toReversed())
    expect(await list({ symbol: 'ETH-USD', status: 'open' })).toEqual([b])
    expect(await list({ status: ['open', 'cancelled'] })).toEqual([a, b])
    expect(await list({ status: [] })).toEqual([])
    expect(await list({ from: 1_020, to: 1_050 })).toEqual([b, c, d])
    expect(await list({ symbol: 'X' })).toEqual([])
  })

  it.each(['newest', 'oldest'] as const)(
    'pages, %s first, without a gap or a repeat while orders are added',
    async (first) => {
      const made = await some(25)
      const seen: string[] = []
      let cursor: string | null | undefined
      while (cursor !== null) {
        const page = await orders.listOrders({ first, limit: 10, cursor, to: 1_251 })
        seen.push(...ids(page.orders))
        cursor = page.cursor
        now = 10_000
        await some(3)
      }
      expect(seen).toEqual(first === 'oldest' ? ids(made) : ids(made).toReversed())
    },
  )

  it('has no cursor on the last page, also when that is full', async () => {
    await some(10)
    expect((await orders.listOrders({ limit: 10 })).cursor).toBeNull()
    expect((await orders.listOrders({ limit: 9 })).cursor).not.toBeNull()
  })

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1_001 }],
    ['first', { first: 'best' }],
    ['status', { status: 'gone' }],
    ['status', { status: ['open', 'constructor'] }],
    ['from', { from: '2024' }],
    ['to', { to: Number.NaN }],
    ['symbol', { symbol: 7 }],
    ['cursor', { cursor: 'nonsense' }],
    ['cursor', { cursor: 7 }],
    ['cursor', { cursor: Buffer.from('oldest:3').toString('base64url') }],
    ['query.Symbol', { Symbol: 'BTC-USD' }],
    ['query', null],
  ])('refuses a bad %s', async (option, query) => {
    await expect(orders.listOrders(query as never)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
  })
})

describe('the life of the service', () => {
  it('keeps everything over a restart', async () => {
    const order = await openOrder()
    await orders.addFill(order.id, { id: 'f1', quantity: 1, price: 100 })
    orders[Symbol.dispose]()
    orders = new OrderService({ path: directory.file('orders.db') })
    expect(await orders.getOrder(order.id)).toMatchObject({ status: 'partially-filled', version: 3 })
    expect(await orders.listFills(order.id)).toHaveLength(1)
  })

  it('writes down what was asked for before it was disposed, and takes nothing after', async () => {
    const pending = orders.createOrder(input)
    orders[Symbol.dispose]()
    orders[Symbol.dispose]()
    const { id } = await pending
    await expect(orders.createOrder(input)).rejects.toMatchObject({ code: 'ERR_ORDER_STORE', reason: 'closed' })
    await expect(orders.getOrder(id)).rejects.toMatchObject({ code: 'ERR_ORDER_STORE', reason: 'closed' })
    orders = new OrderService({ path: directory.file('orders.db') })
    expect(await orders.getOrder(id)).toMatchObject({ clientOrderId: 'c1' })
  })

  it('goes on after giving memory back', async () => {
    const { id } = await orders.createOrder(input)
    const reported: number[] = []
    const listeners: ((level: PressureLevel) => void)[] = []
    orders.reportMemory({
      reportMemory: (bytes) => void reported.push(Number(bytes)),
      onPressure: (listener) => {
        listeners.push((level) => void listener(level))
        return () => {}
      },
      signal: new AbortController().signal,
    })
    expect(reported).toEqual([expect.any(Number)])
    expect(reported[0]).toBeGreaterThan(4_096)
    for (const listener of listeners) listener('high')
    expect(reported.at(-1)).toBe(0)
    expect(await orders.getOrder(id)).toMatchObject({ id })
  })
})
