import type { OrderStatus } from './order.ts'
import { OrderTransitionError } from './order-errors.ts'

const successors: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  new: ['open', 'cancelled', 'rejected', 'expired'],
  open: ['partially-filled', 'filled', 'cancelled', 'rejected', 'expired'],
  'partially-filled': ['partially-filled', 'filled', 'cancelled', 'expired'],
  filled: [],
  cancelled: [],
  rejected: [],
  expired: [],
}

export const orderStatuses = Object.keys(successors) as readonly OrderStatus[]

export function isOrderStatus(value: unknown): value is OrderStatus {
  return typeof value === 'string' && Object.hasOwn(successors, value)
}

/** True when the order can be neither changed nor cancelled any more. */
export function isClosed(status: OrderStatus): boolean {
  return successors[status].length === 0
}

/**
 * The status `to`, if an order may go there.
 *
 * @throws OrderTransitionError
 */
export function transition(orderId: string, from: OrderStatus, to: OrderStatus): OrderStatus {
  const allowed = successors[from]
  if (!allowed.includes(to)) throw new OrderTransitionError({ orderId, from, to, allowed })
  return to
}

/**
 * The status after a change that was asked for or reported. Reports overtake each other: an acknowledgement that comes after what the order led
 * to, and a report that comes twice, leave the order where it is.
 *
 * @throws OrderTransitionError
 */
export function afterChange(orderId: string, from: OrderStatus, to: OrderStatus): OrderStatus {
  if (to === from || (to === 'open' && from !== 'new' && from !== 'rejected')) return from
  return transition(orderId, from, to)
}

/**
 * The status after a fill, which is a fact: the exchange has the order, though its acknowledgement may still be on the way, and one that was to
 * be cancelled, or expired, may have been filled before that. What was not filled of it stays cancelled, or expired.
 *
 * @throws OrderTransitionError
 */
export function afterFill(orderId: string, from: OrderStatus, complete: boolean): OrderStatus {
  if (from === 'cancelled' || from === 'expired') return complete ? 'filled' : from
  return transition(orderId, from === 'new' ? 'open' : from, complete ? 'filled' : 'partially-filled')
}
