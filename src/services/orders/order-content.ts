import { Decimal } from './decimal.ts'
import type { OrderTerms } from './order-rules.ts'
import type { Order } from './order.ts'

/** The terms of an order as plain data: what two creates with one client order id must agree in. */
export type OrderContent = Pick<Order, 'symbol' | 'side' | 'type' | 'timeInForce' | 'quantity' | 'price' | 'stopPrice'>

export function contentOf({ symbol, side, type, timeInForce, quantity, price, stopPrice }: OrderTerms): OrderContent {
  return {
    symbol,
    side,
    type,
    timeInForce,
    quantity: quantity.toString(),
    price: price?.toString() ?? null,
    stopPrice: stopPrice?.toString() ?? null,
  }
}

/** The terms an order has now, which changes may have moved away from its content. */
export function termsOf({ symbol, side, type, timeInForce, quantity, price, stopPrice }: Order): OrderTerms {
  return {
    symbol,
    side,
    type,
    timeInForce,
    quantity: Decimal.of(quantity),
    price: price === null ? null : Decimal.of(price),
    stopPrice: stopPrice === null ? null : Decimal.of(stopPrice),
  }
}

/** The properties in which two objects of one shape differ. */
export function differences<Shape extends object>(a: Shape, b: Shape): string[] {
  return Object.keys(a).filter((key) => a[key as keyof Shape] !== b[key as keyof Shape])
}
