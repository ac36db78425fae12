import { describe, expect, it } from 'vitest'
import { OrderTransitionError } from '../../../../src/services/orders/order-errors.ts'
import { isClosed, isOrderStatus, orderStatuses, transition } from '../../../../src/services/orders/order-status.ts'

const legal = [
  'new > open',
  'new > cancelled',
  'new > rejected',
  'new > expired',
  'open > partially-filled',
  'open > filled',
  'open > cancelled',
  'open > rejected',
  'open > expired',
  'partially-filled > partially-filled',
  'partially-filled > filled',
  'partially-filled > cancelled',
  'partially-filled > expired',
]
const pairs = orderStatuses.flatMap((from) => orderStatuses.map((to) => ({ from, to })))

describe('order status', () => {
  it('may go exactly the legal ways', () => {
    const found = pairs.filter(({ from, to }) => {
      try {
        return transition('1', from, to) === to
      } catch {
        return false
      }
    })
    expect(found.map(({ from, to }) => `${from} > ${to}`).toSorted()).toEqual(legal.toSorted())
  })

  it('says what was wrong with the others', () => {
    expect(() => transition('17', 'filled', 'open')).toThrow(OrderTransitionError)
    expect(() => transition('17', 'filled', 'open')).toThrow('Order 17 is filled and cannot become open: it is closed')
    expect(() => transition('17', 'new', 'filled')).toThrow('it can become open, cancelled, rejected, expired')
  })

  it('is closed when nothing can follow', () => {
    expect(orderStatuses.filter((status) => isClosed(status))).toEqual(['filled', 'cancelled', 'rejected', 'expired'])
  })

  it('knows its names, and those only', () => {
    expect([isOrderStatus('open'), isOrderStatus('toString'), isOrderStatus(1)]).toEqual([true, false, false])
  })
})
