import type { DecimalInput } from './decimal.ts'

/**
 * `new`: stored, not yet accepted by the exchange. `filled` and `rejected` are final; `cancelled` and `expired` but for fills that were under way.
 */
export type OrderStatus = 'new' | 'open' | 'partially-filled' | 'filled' | 'cancelled' | 'rejected' | 'expired'

export type OrderSide = 'buy' | 'sell'
export type OrderType = 'market' | 'limit' | 'stop' | 'stop-limit'
/** Good till cancelled, immediate or cancel, fill or kill, good for the day. */
export type TimeInForce = 'gtc' | 'ioc' | 'fok' | 'day'

/** An order to be created. Prices and quantities are decimal strings, whole numbers or bigints, never fractions as numbers. */
export interface OrderInput {
  /** The caller's own id, 1 to 128 characters: sending the same order twice creates it once. Default: a random one. */
  readonly clientOrderId?: string | undefined
  readonly symbol: string
  readonly side: OrderSide
  /** Default 'limit'. */
  readonly type?: OrderType | undefined
  readonly quantity: DecimalInput
  /** For 'limit' and 'stop-limit' only. */
  readonly price?: DecimalInput | undefined
  /** For 'stop' and 'stop-limit' only. */
  readonly stopPrice?: DecimalInput | undefined
  /** Default 'gtc'. */
  readonly timeInForce?: TimeInForce | undefined
}

/** An order as it is stored. Prices, quantities and values are exact decimal strings; times are ms since the epoch. */
export interface Order {
  readonly id: string
  readonly clientOrderId: string
  readonly symbol: string
  readonly side: OrderSide
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly quantity: string
  readonly price: string | null
  readonly stopPrice: string | null
  readonly status: OrderStatus
  readonly filledQuantity: string
  readonly remainingQuantity: string
  /** Sum of price times quantity of its fills. */
  readonly filledValue: string
  /** The exchange's id of it, once known. */
  readonly exchangeOrderId: string | null
  /** Why it was cancelled, rejected or changed, in the caller's words. */
  readonly reason: string | null
  readonly createdAt: number
  readonly updatedAt: number
  /** 1 when created, one more with every change. */
  readonly version: number
}

/** What may change of an order. `quantity`, `price` and `stopPrice` only while it is not closed. */
export interface OrderChange {
  readonly status?: 'open' | 'cancelled' | 'rejected' | 'expired' | undefined
  readonly quantity?: DecimalInput | undefined
  readonly price?: DecimalInput | undefined
  readonly stopPrice?: DecimalInput | undefined
  readonly exchangeOrderId?: string | undefined
  readonly reason?: string | undefined
}

/** A fill to be added. */
export interface FillInput {
  /** The exchange's id of the fill, 1 to 128 characters: adding it twice counts once. */
  readonly id: string
  readonly quantity: DecimalInput
  readonly price: DecimalInput
  /** ms since the epoch, default now. */
  readonly at?: number | undefined
}

export interface Fill {
  readonly id: string
  readonly orderId: string
  readonly quantity: string
  readonly price: string
  readonly at: number
}

/** What to list. */
export interface OrderQuery {
  readonly symbol?: string | undefined
  readonly status?: OrderStatus | readonly OrderStatus[] | undefined
  /** Created at this time or later, ms since the epoch. */
  readonly from?: number | undefined
  /** Created before this time, ms since the epoch. */
  readonly to?: number | undefined
  /** By creation. Default 'newest' first. */
  readonly first?: 'newest' | 'oldest' | undefined
  /** Orders on a page, 1 to 1,000, default 100. */
  readonly limit?: number | undefined
  /** Where the page before this one ended. */
  readonly cursor?: string | undefined
}

/** A page of orders; `cursor` leads to the next one, null when there is none. */
export interface OrderPage {
  readonly orders: readonly Order[]
  readonly cursor: string | null
}

/**
 * The order service. What a promise of it fulfils with is durable: it survives a kill of the process.
 * Every method may reject with an OrderStoreError, and with an InvalidOptionsError for bad arguments.
 */
export interface OrderApi {
  /** @throws OrderRuleError @throws OrderConflictError the client order id was used for another order. */
  createOrder(input: OrderInput): Promise<Order>
  /** @throws OrderNotFoundError */
  getOrder(id: string): Promise<Order>
  /** The order with that client order id, or null: tells whether a create whose answer was lost did happen. */
  findOrderByClientId(clientOrderId: string): Promise<Order | null>
  /** @throws OrderNotFoundError @throws OrderTransitionError @throws OrderRuleError */
  updateOrder(id: string, change: OrderChange): Promise<Order>
  /** Cancelling a cancelled order changes nothing. @throws OrderNotFoundError @throws OrderTransitionError */
  cancelOrder(id: string, reason?: string): Promise<Order>
  /**
   * Adds a fill; the order becomes partially-filled or filled. The same fill again changes nothing. It may come before the order was
   * acknowledged, or after it was cancelled or has expired; then the order stays so unless it is filled.
   *
   * @throws OrderNotFoundError @throws OrderTransitionError @throws OrderRuleError
   * @throws OrderConflictError the fill id was used for another fill of this order.
   */
  addFill(orderId: string, fill: FillInput): Promise<Order>
  /** The fills of an order, in the order they were added. @throws OrderNotFoundError */
  listFills(orderId: string): Promise<readonly Fill[]>
  listOrders(query?: OrderQuery): Promise<OrderPage>
}
