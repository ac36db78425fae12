import { randomUUID } from 'node:crypto'
import { Decimal } from './decimal.ts'
import { GroupCommit, type Step } from './group-commit.ts'
import { contentOf, differences, termsOf, type OrderContent } from './order-content.ts'
import { parseOrderServiceConfig } from './config.ts'
import type { OrderServiceConfig } from './config.ts'
import { OrderDatabase } from './order-database.ts'
import type { MemoryContext } from './order-database.ts'
import { OrderConflictError, OrderNotFoundError, OrderRuleError, OrderStoreError } from './order-errors.ts'
import {
  checkOrderId,
  checkReason,
  parseFill,
  parseOrderChange,
  parseOrderInput,
  type ParsedChange,
  type ParsedFill,
} from './order-input.ts'
import type { OrderRules, OrderTerms } from './order-rules.ts'
import { afterChange, afterFill, isClosed, transition } from './order-status.ts'
import { OrderStore, type StoredOrder } from './order-store.ts'
import type { Fill, FillInput, Order, OrderApi, OrderChange, OrderInput, OrderPage, OrderQuery } from './order.ts'

/** What is not data of its configuration. */
export interface OrderServiceEffects {
  /** ms since the epoch. */
  readonly now?: (() => number) | undefined
  readonly newId?: (() => string) | undefined
}

/**
 * Orders in a SQLite file. Changes that arrive together share a transaction; each is answered when it is on disk. Reads
 * see what has been answered.
 */
export class OrderService implements OrderApi, Disposable {
  readonly #database: OrderDatabase
  readonly #store: OrderStore
  readonly #rules: OrderRules
  readonly #commits: GroupCommit
  readonly #now: () => number
  readonly #newId: () => string
  #closed = false

  /** @throws OrderStoreError @throws InvalidOptionsError */
  constructor(config: OrderServiceConfig, { now = Date.now, newId = randomUUID }: OrderServiceEffects = {}) {
    const { path, rules, busyTimeout } = parseOrderServiceConfig(config)
    this.#rules = rules
    this.#now = now
    this.#newId = newId
    this.#database = new OrderDatabase({ path, busyTimeout })
    this.#store = new OrderStore(this.#database)
    this.#commits = new GroupCommit((work) => this.#database.transaction(work))
  }

  async createOrder(input: OrderInput): Promise<Order> {
    const { clientOrderId, terms } = parseOrderInput(input)
    return this.#submit(() => this.#create(clientOrderId ?? this.#newId(), terms))
  }

  async getOrder(id: string): Promise<Order> {
    checkOrderId(id)
    return this.#find(id).order
  }

  async findOrderByClientId(clientOrderId: string): Promise<Order | null> {
    checkOrderId(clientOrderId, 'clientOrderId')
    return this.#store.byClientId(clientOrderId)?.order ?? null
  }

  async updateOrder(id: string, change: OrderChange): Promise<Order> {
    checkOrderId(id)
    const parsed = parseOrderChange(change)
    return this.#submit(() => this.#update(this.#find(id), parsed))
  }

  async cancelOrder(id: string, reason?: string): Promise<Order> {
    checkOrderId(id)
    if (reason !== undefined) checkReason(reason)
    return this.#submit(() => {
      const stored = this.#find(id)
      if (stored.order.status === 'cancelled') return { result: stored.order }
      const status = transition(id, stored.order.status, 'cancelled')
      return this.#write(stored, { status, reason: reason ?? stored.order.reason })
    })
  }

  async addFill(orderId: string, fill: FillInput): Promise<Order> {
    checkOrderId(orderId, 'orderId')
    const parsed = parseFill(fill)
    return this.#submit(() => this.#fill(this.#find(orderId), parsed))
  }

  async listFills(orderId: string): Promise<readonly Fill[]> {
    checkOrderId(orderId, 'orderId')
    return this.#store.fills(this.#find(orderId))
  }

  async listOrders(query?: OrderQuery): Promise<OrderPage> {
    return this.#store.list(query)
  }

  /** Has the component count what SQLite holds, and give cached pages back when memory runs short. */
  reportMemory(context: MemoryContext): void {
    this.#database.reportMemory(context)
  }

  /** Writes down what has been asked for, and closes the file. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#commits.flush()
    } finally {
      this.#database[Symbol.dispose]()
    }
  }

  #submit<Result>(decide: () => Step<Result>): Promise<Result> {
    if (this.#closed) throw new OrderStoreError('closed', this.#database.path, 'the service has been disposed')
    return this.#commits.submit(decide)
  }

  #find(id: string): StoredOrder {
    const stored = this.#store.byId(id)
    if (stored === undefined) throw new OrderNotFoundError(id)
    return stored
  }

  #create(clientOrderId: string, terms: OrderTerms): Step<Order> {
    const content = contentOf(terms)
    const known = this.#store.byClientId(clientOrderId)
    if (known !== undefined) {
      const fields = differences(content, JSON.parse(known.content) as OrderContent)
      if (fields.length === 0) return { result: known.order }
      throw new OrderConflictError('client order id', { key: clientOrderId, orderId: known.order.id, fields })
    }
    this.#rules.check(terms)
    const now = this.#now()
    const order: Order = {
      id: this.#newId(),
      clientOrderId,
      ...content,
      status: 'new',
      filledQuantity: '0',
      remainingQuantity: content.quantity,
      filledValue: '0',
      exchangeOrderId: null,
      reason: null,
      createdAt: now,
      updatedAt: now,
      version: 1,
    }
    return { result: order, write: () => this.#store.insert(order, JSON.stringify(content)) }
  }

  #update(stored: StoredOrder, change: ParsedChange): Step<Order> {
    const { order } = stored
    const { quantity, price, stopPrice } = change
    const status = change.status === undefined ? order.status : afterChange(order.id, order.status, change.status)
    if (quantity ?? price ?? stopPrice) {
      if (isClosed(order.status)) {
        throw new OrderRuleError('order-closed', 'an order that is not closed, to change its terms', order.status)
      }
      const now = termsOf(order)
      const terms = {
        ...now,
        quantity: quantity ?? now.quantity,
        price: price ?? now.price,
        stopPrice: stopPrice ?? now.stopPrice,
      }
      this.#rules.check(terms)
      const filled = Decimal.of(order.filledQuantity)
      if (terms.quantity.compare(filled) <= 0 && filled.sign > 0) {
        throw new OrderRuleError(
          'quantity-below-filled',
          `more than the ${filled.toString()} that are filled`,
          terms.quantity.toString(),
        )
      }
    }
    return this.#write(stored, {
      status,
      quantity: quantity?.toString() ?? order.quantity,
      price: price?.toString() ?? order.price,
      stopPrice: stopPrice?.toString() ?? order.stopPrice,
      exchangeOrderId: change.exchangeOrderId ?? order.exchangeOrderId,
      reason: change.reason ?? order.reason,
    })
  }

  #fill(stored: StoredOrder, fill: ParsedFill): Step<Order> {
    const { seq, order } = stored
    const content = { quantity: fill.quantity.toString(), price: fill.price.toString() }
    const known = this.#store.fill(seq, fill.id)
    if (known !== undefined) {
      const fields = differences({ ...content, at: fill.at ?? known.at }, known)
      if (fields.length === 0) return { result: order }
      throw new OrderConflictError('fill id', { key: fill.id, orderId: order.id, fields })
    }
    const filled = Decimal.of(order.filledQuantity).plus(fill.quantity)
    const complete = filled.compare(Decimal.of(order.quantity))
    const status = afterFill(order.id, order.status, complete >= 0)
    if (complete > 0) {
      throw new OrderRuleError(
        'fill-beyond-quantity',
        `at most the ${order.remainingQuantity} that remain`,
        content.quantity,
      )
    }
    const filledValue = Decimal.of(order.filledValue).plus(fill.quantity.times(fill.price))
    const step = this.#write(stored, { status, filledQuantity: filled.toString(), filledValue: filledValue.toString() })
    return {
      result: step.result,
      write: () => {
        this.#store.insertFill(seq, { id: fill.id, ...content, at: fill.at ?? this.#now() })
        step.write?.()
      },
    }
  }

  #write({ seq, order }: StoredOrder, change: Partial<Order>): Step<Order> {
    const changed = { ...order, ...change, updatedAt: this.#now(), version: order.version + 1 }
    const remaining = Decimal.of(changed.quantity).minus(Decimal.of(changed.filledQuantity))
    const result: Order = { ...changed, remainingQuantity: remaining.toString() }
    return { result, write: () => this.#store.update(seq, result) }
  }
}
