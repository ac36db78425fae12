import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkObject } from '../option-checks.ts'
import { Decimal } from './decimal.ts'
import { OrderRuleError } from './order-errors.ts'
import type { OrderTerms } from './order-rules.ts'
import type { FillInput, OrderChange, OrderInput, OrderSide, OrderType, TimeInForce } from './order.ts'

const sides: readonly OrderSide[] = ['buy', 'sell']
const types: readonly OrderType[] = ['market', 'limit', 'stop', 'stop-limit']
const timesInForce: readonly TimeInForce[] = ['gtc', 'ioc', 'fok', 'day']
const settableStatuses = ['open', 'cancelled', 'rejected', 'expired'] as const

const LONGEST_ID = 128
const LONGEST_SYMBOL = 64
const LONGEST_REASON = 1_024

/** A change with its numbers parsed; undefined where nothing is to change. */
export interface ParsedChange {
  readonly status: OrderChange['status']
  readonly quantity: Decimal | undefined
  readonly price: Decimal | undefined
  readonly stopPrice: Decimal | undefined
  readonly exchangeOrderId: string | undefined
  readonly reason: string | undefined
}

export interface ParsedFill {
  readonly id: string
  readonly quantity: Decimal
  readonly price: Decimal
  readonly at: number | undefined
}

/** @throws InvalidOptionsError @throws OrderRuleError for an unknown side, type, time in force or a malformed symbol. */
export function parseOrderInput(input: OrderInput): { clientOrderId: string | undefined; terms: OrderTerms } {
  const known = ['clientOrderId', 'symbol', 'side', 'type', 'quantity', 'price', 'stopPrice', 'timeInForce']
  checkKnown(checkObject('order', input), known, 'order.')
  const { clientOrderId, symbol, side, type = 'limit', quantity, price, stopPrice, timeInForce = 'gtc' } = input
  if (clientOrderId !== undefined) checkOrderId(clientOrderId, 'clientOrderId')
  if (typeof symbol !== 'string' || !/^[!-~]+$/.test(symbol) || symbol.length > LONGEST_SYMBOL) {
    throw new OrderRuleError('symbol', `1 to ${LONGEST_SYMBOL} printable characters without spaces`, show(symbol))
  }
  oneOf('side', sides, side)
  oneOf('type', types, type)
  oneOf('time-in-force', timesInForce, timeInForce)
  const terms = {
    symbol,
    side,
    type,
    timeInForce,
    quantity: Decimal.parse(quantity, 'quantity'),
    price: price === undefined ? null : Decimal.parse(price, 'price'),
    stopPrice: stopPrice === undefined ? null : Decimal.parse(stopPrice, 'stopPrice'),
  }
  return { clientOrderId, terms }
}

/** @throws InvalidOptionsError @throws OrderRuleError for a status that only fills bring about. */
export function parseOrderChange(change: OrderChange): ParsedChange {
  const known = ['status', 'quantity', 'price', 'stopPrice', 'exchangeOrderId', 'reason']
  checkKnown(checkObject('change', change), known, 'change.')
  const { status, quantity, price, stopPrice, exchangeOrderId, reason } = change
  if (Object.values(change).every((value) => value === undefined)) {
    throw new InvalidOptionsError('change', `one of ${known.join(', ')} at least`, change)
  }
  if (status !== undefined) {
    const wanted: unknown = status
    if (wanted === 'filled' || wanted === 'partially-filled') {
      throw new OrderRuleError('fills-only', 'addFill for a status that follows from the fills', show(wanted))
    }
    if (!settableStatuses.includes(status)) {
      throw new InvalidOptionsError('status', `one of ${settableStatuses.join(', ')}`, status)
    }
  }
  if (exchangeOrderId !== undefined) checkOrderId(exchangeOrderId, 'exchangeOrderId')
  if (reason !== undefined) checkReason(reason)
  return {
    status,
    quantity: quantity === undefined ? undefined : Decimal.parse(quantity, 'quantity'),
    price: price === undefined ? undefined : Decimal.parse(price, 'price'),
    stopPrice: stopPrice === undefined ? undefined : Decimal.parse(stopPrice, 'stopPrice'),
    exchangeOrderId,
    reason,
  }
}

/** @throws InvalidOptionsError @throws OrderRuleError for a quantity or a price that is not positive. */
export function parseFill(fill: FillInput): ParsedFill {
  checkKnown(checkObject('fill', fill), ['id', 'quantity', 'price', 'at'], 'fill.')
  const { id, at } = fill
  checkOrderId(id, 'fill.id')
  if (at !== undefined) checkTime('fill.at', at)
  const quantity = Decimal.parse(fill.quantity, 'fill.quantity')
  const price = Decimal.parse(fill.price, 'fill.price')
  if (quantity.sign <= 0) throw new OrderRuleError('positive-quantity', 'a fill of more than 0', String(quantity))
  if (price.sign <= 0) throw new OrderRuleError('positive-price', 'a fill at a price above 0', String(price))
  return { id, quantity, price, at }
}

/**
 * An id of anything. SQLite's text is UTF-8, in which half a surrogate pair is one and the same replacement character: ids that differ in it alone
 * would be one.
 *
 * @throws InvalidOptionsError
 */
export function checkOrderId(id: unknown, option = 'id'): asserts id is string {
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID || !id.isWellFormed()) {
    throw new InvalidOptionsError(option, `a well-formed string of 1 to ${LONGEST_ID} characters`, id)
  }
}

/** @throws InvalidOptionsError */
export function checkReason(reason: unknown): asserts reason is string {
  if (typeof reason !== 'string' || reason === '' || reason.length > LONGEST_REASON) {
    throw new InvalidOptionsError('reason', `a string of 1 to ${LONGEST_REASON} characters`, reason)
  }
}

/** @throws InvalidOptionsError */
export function checkTime(option: string, time: unknown): asserts time is number {
  if (!Number.isSafeInteger(time)) throw new InvalidOptionsError(option, 'whole milliseconds since the epoch', time)
}

function oneOf(rule: 'side' | 'type' | 'time-in-force', allowed: readonly string[], value: string): void {
  if (!allowed.includes(value)) throw new OrderRuleError(rule, `one of ${allowed.join(', ')}`, show(value))
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `a ${typeof value}`
}
