import { registerErrorClass, SpillwayError } from '../../worker.ts'
import type { SpillwayErrorOptions } from '../../worker.ts'
import type { OrderStatus } from './order.ts'

/** What an order, a change or a fill may violate. */
export type OrderRule =
  | 'symbol'
  | 'side'
  | 'type'
  | 'time-in-force'
  | 'positive-quantity'
  | 'min-quantity'
  | 'max-quantity'
  | 'quantity-step'
  | 'price-required'
  | 'price-not-allowed'
  | 'stop-price-required'
  | 'stop-price-not-allowed'
  | 'positive-price'
  | 'price-tick'
  | 'min-notional'
  | 'order-closed'
  | 'quantity-below-filled'
  | 'fill-beyond-quantity'
  | 'fills-only'

/** The order breaks a rule: `rule` names it, `expected` and `received` say how. Nothing was stored. */
export class OrderRuleError extends SpillwayError {
  readonly code = 'ERR_ORDER_RULE'
  readonly rule: OrderRule
  readonly expected: string
  readonly received: string

  constructor(rule: OrderRule, expected: string, received: string, options?: SpillwayErrorOptions) {
    super(`The order breaks the rule "${rule}": expected ${expected}, got ${received}`, options)
    this.rule = rule
    this.expected = expected
    this.received = received
  }
}
export const isOrderRuleError = registerErrorClass('ERR_ORDER_RULE', OrderRuleError)

/** No order has that id. */
export class OrderNotFoundError extends SpillwayError {
  readonly code = 'ERR_ORDER_NOT_FOUND'
  readonly orderId: string

  constructor(orderId: string, options?: SpillwayErrorOptions) {
    super(`There is no order with the id "${orderId}"`, options)
    this.orderId = orderId
  }
}
export const isOrderNotFoundError = registerErrorClass('ERR_ORDER_NOT_FOUND', OrderNotFoundError)

/** The client order id, or the fill id, was used before with another content: `fields` says which differ. Nothing was stored. */
export class OrderConflictError extends SpillwayError {
  readonly code = 'ERR_ORDER_CONFLICT'
  readonly orderId: string
  readonly key: string
  readonly fields: readonly string[]

  constructor(
    what: 'client order id' | 'fill id',
    details: { key: string; orderId: string; fields: readonly string[] },
    options?: SpillwayErrorOptions,
  ) {
    super(
      `The ${what} "${details.key}" was used before, for order ${details.orderId}, with a different ${details.fields.join(', ')}`,
      options,
    )
    this.orderId = details.orderId
    this.key = details.key
    this.fields = details.fields
  }
}
export const isOrderConflictError = registerErrorClass('ERR_ORDER_CONFLICT', OrderConflictError)

/** An order cannot go from its status to the one asked for. Nothing was stored. */
export class OrderTransitionError extends SpillwayError {
  readonly code = 'ERR_ORDER_TRANSITION'
  readonly orderId: string
  readonly from: OrderStatus
  readonly to: OrderStatus

  constructor(
    details: { orderId: string; from: OrderStatus; to: OrderStatus; allowed: readonly OrderStatus[] },
    options?: SpillwayErrorOptions,
  ) {
    const { orderId, from, to, allowed } = details
    const may = allowed.length === 0 ? 'it is closed' : `it can become ${allowed.join(', ')}`
    super(`Order ${orderId} is ${from} and cannot become ${to}: ${may}`, options)
    this.orderId = orderId
    this.from = from
    this.to = to
  }
}
export const isOrderTransitionError = registerErrorClass('ERR_ORDER_TRANSITION', OrderTransitionError)

export type OrderStoreFailure =
  | 'cannot-open'
  | 'not-a-database'
  | 'another-database'
  | 'newer-schema'
  | 'corrupt'
  | 'read-only'
  | 'locked'
  | 'disk-full'
  | 'input-output'
  | 'closed'
  | 'other'

/**
 * The order database cannot be used: `reason` says why. A change that fails with it was not acknowledged; a create may be
 * sent again with the same client order id.
 */
export class OrderStoreError extends SpillwayError {
  readonly code = 'ERR_ORDER_STORE'
  readonly reason: OrderStoreFailure
  readonly path: string

  constructor(reason: OrderStoreFailure, path: string, detail: string, options?: SpillwayErrorOptions) {
    super(`The order database ${path} cannot be used (${reason}): ${detail}`, options)
    this.reason = reason
    this.path = path
  }
}
export const isOrderStoreError = registerErrorClass('ERR_ORDER_STORE', OrderStoreError)
