import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkObject } from '../option-checks.ts'
import { Decimal } from './decimal.ts'
import type { OrderDatabase } from './order-database.ts'
import { checkTime } from './order-input.ts'
import { isOrderStatus, orderStatuses } from './order-status.ts'
import type { Fill, Order, OrderPage, OrderQuery, OrderSide, OrderStatus, OrderType, TimeInForce } from './order.ts'

/** An order with what only the store knows of it: its place in the order of creation, and the content it was created with. */
export interface StoredOrder {
  readonly seq: number
  readonly content: string
  readonly order: Order
}

type Statement = ReturnType<OrderDatabase['prepare']>
type Row = Record<string, unknown>

const LARGEST_PAGE = 1_000

/** Orders and fills in SQL. Reads see what is committed, and inside a transaction what that has written. */
export class OrderStore {
  readonly #database: OrderDatabase
  readonly #statements = new Map<string, Statement>()

  constructor(database: OrderDatabase) {
    this.#database = database
  }

  byId(id: string): StoredOrder | undefined {
    return this.#one('SELECT * FROM orders WHERE id = ?', id)
  }

  byClientId(clientOrderId: string): StoredOrder | undefined {
    return this.#one('SELECT * FROM orders WHERE client_order_id = ?', clientOrderId)
  }

  insert(order: Order, content: string): void {
    this.#run(
      `INSERT INTO orders (id, client_order_id, content, symbol, side, type, time_in_force, quantity, price, stop_price,
        status, filled_quantity, filled_value, exchange_order_id, reason, created_at, updated_at, version)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      order.id,
      order.clientOrderId,
      content,
      order.symbol,
      order.side,
      order.type,
      order.timeInForce,
      order.quantity,
      order.price,
      order.stopPrice,
      order.status,
      order.filledQuantity,
      order.filledValue,
      order.exchangeOrderId,
      order.reason,
      order.createdAt,
      order.updatedAt,
      order.version,
    )
  }

  update(seq: number, order: Order): void {
    this.#run(
      `UPDATE orders SET quantity = ?, price = ?, stop_price = ?, status = ?, filled_quantity = ?, filled_value = ?,
        exchange_order_id = ?, reason = ?, updated_at = ?, version = ? WHERE seq = ?`,
      order.quantity,
      order.price,
      order.stopPrice,
      order.status,
      order.filledQuantity,
      order.filledValue,
      order.exchangeOrderId,
      order.reason,
      order.updatedAt,
      order.version,
      seq,
    )
  }

  fill(seq: number, id: string): { quantity: string; price: string; at: number } | undefined {
    const row = this.#get('SELECT * FROM fills WHERE order_seq = ? AND id = ?', seq, id)
    return row && { quantity: String(row['quantity']), price: String(row['price']), at: Number(row['at']) }
  }

  insertFill(seq: number, fill: Omit<Fill, 'orderId'>): void {
    const sql = 'INSERT INTO fills (order_seq, id, quantity, price, at) VALUES (?, ?, ?, ?, ?)'
    this.#run(sql, seq, fill.id, fill.quantity, fill.price, fill.at)
  }

  fills({ seq, order }: StoredOrder): Fill[] {
    return this.#all('SELECT * FROM fills WHERE order_seq = ? ORDER BY seq', seq).map((row) => ({
      id: String(row['id']),
      orderId: order.id,
      quantity: String(row['quantity']),
      price: String(row['price']),
      at: Number(row['at']),
    }))
  }

  /** @throws InvalidOptionsError */
  list(query: OrderQuery = {}): OrderPage {
    checkKnown(checkObject('query', query), ['symbol', 'status', 'from', 'to', 'first', 'limit', 'cursor'], 'query.')
    const { symbol, status, from, to, first = 'newest', limit = 100, cursor } = query
    if (first !== 'newest' && first !== 'oldest') throw new InvalidOptionsError('first', "'newest' or 'oldest'", first)
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      throw new InvalidOptionsError('limit', `a whole number from 1 to ${LARGEST_PAGE}`, limit)
    }
    const conditions: string[] = []
    const values: (string | number)[] = []
    const where = (condition: string, ...bound: (string | number)[]): void => {
      conditions.push(condition)
      values.push(...bound)
    }
    if (symbol !== undefined) {
      if (typeof symbol !== 'string') throw new InvalidOptionsError('symbol', 'a string', symbol)
      where('symbol = ?', symbol)
    }
    if (status !== undefined) {
      const wanted = statusesOf(status)
      where(`status IN (${wanted.map(() => '?').join(', ')})`, ...wanted)
    }
    if (from !== undefined) {
      checkTime('from', from)
      where('created_at >= ?', from)
    }
    if (to !== undefined) {
      checkTime('to', to)
      where('created_at < ?', to)
    }
    // Creation order never changes and nothing is ever put in between, so a page starts exactly where the last one ended.
    if (cursor !== undefined) where(first === 'newest' ? 'seq < ?' : 'seq > ?', parseCursor(cursor, first))
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const direction = first === 'newest' ? 'DESC' : 'ASC'
    // One more than asked for tells whether there is a next page.
    const sql = `SELECT * FROM orders ${filter} ORDER BY seq ${direction} LIMIT ?`
    const found = this.#all(sql, ...values, limit + 1).map(storedOf)
    const last = found.length > limit ? found[limit - 1] : undefined
    return {
      orders: found.slice(0, limit).map((stored) => stored.order),
      cursor: last === undefined ? null : formatCursor(last.seq, first),
    }
  }

  #one(sql: string, value: string): StoredOrder | undefined {
    const row = this.#get(sql, value)
    return row && storedOf(row)
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#database.translate(() => this.#statement(sql).get(...values))
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#database.translate(() => this.#statement(sql).all(...values))
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#database.translate(() => this.#statement(sql).run(...values))
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    return statement
  }
}

function storedOf(row: Row): StoredOrder {
  const quantity = String(row['quantity'])
  const filledQuantity = String(row['filled_quantity'])
  return {
    seq: Number(row['seq']),
    content: String(row['content']),
    order: {
      id: String(row['id']),
      clientOrderId: String(row['client_order_id']),
      symbol: String(row['symbol']),
      side: row['side'] as OrderSide,
      type: row['type'] as OrderType,
      timeInForce: row['time_in_force'] as TimeInForce,
      quantity,
      price: textOrNull(row['price']),
      stopPrice: textOrNull(row['stop_price']),
      status: row['status'] as OrderStatus,
      filledQuantity,
      remainingQuantity: Decimal.of(quantity).minus(Decimal.of(filledQuantity)).toString(),
      filledValue: String(row['filled_value']),
      exchangeOrderId: textOrNull(row['exchange_order_id']),
      reason: textOrNull(row['reason']),
      createdAt: Number(row['created_at']),
      updatedAt: Number(row['updated_at']),
      version: Number(row['version']),
    },
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function statusesOf(status: OrderStatus | readonly OrderStatus[]): OrderStatus[] {
  const wanted = new Set([status].flat())
  for (const each of wanted) {
    if (!isOrderStatus(each)) throw new InvalidOptionsError('status', `one of ${orderStatuses.join(', ')}`, each)
  }
  // Sorted, so that the same statuses in another order are not another statement.
  return [...wanted].sort((a, b) => orderStatuses.indexOf(a) - orderStatuses.indexOf(b))
}

function formatCursor(seq: number, first: 'newest' | 'oldest'): string {
  return Buffer.from(`${first}:${seq}`).toString('base64url')
}

function parseCursor(cursor: string, first: 'newest' | 'oldest'): number {
  const text = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString() : ''
  const [direction, seq = ''] = text.split(':')
  if (direction !== first || !/^\d{1,15}$/.test(seq)) {
    throw new InvalidOptionsError('cursor', `the cursor of a page that was listed with first: '${first}'`, cursor)
  }
  return Number(seq)
}
