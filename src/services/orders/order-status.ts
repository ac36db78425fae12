import { OrderTransitionError } from './order-errors.ts'

/** `new`: stored, not yet accepted by the exchange. `filled`, `cancelled`, `rejected` and `expired` are final. */
export type OrderStatus = 'new' | 'open' | 'partially-filled' | 'filled' | 'cancelled' | 'rejected' | 'expired'

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

/** True when nothing can happen to the order any more. */
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
