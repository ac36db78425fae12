import { describe, expect, it } from 'vitest'
import { parseOrderInput } from '../../../../src/services/orders/order-input.ts'
import { OrderRules, type SymbolRules } from '../../../../src/services/orders/order-rules.ts'
import type { OrderInput } from '../../../../src/services/orders/order.ts'

const rules = new OrderRules({
  'BTC-USD': { minQuantity: '0.001', maxQuantity: 100, quantityStep: '0.001', priceTick: '0.5', minNotional: 10 },
  '*': { minQuantity: 1 },
})
const good = { symbol: 'BTC-USD', side: 'buy', quantity: '0.1', price: '100.5' } as const

function check(input: object): void {
  rules.check(parseOrderInput(input as OrderInput).terms)
}

describe('order rules', () => {
  it.each([
    good,
    { ...good, quantity: '0.100' },
    { ...good, type: 'market', price: undefined },
    { ...good, type: 'stop', price: undefined, stopPrice: '99.5' },
    { ...good, type: 'stop-limit', stopPrice: 99 },
    { ...good, symbol: 'ETH-USD', quantity: 1n, price: '0.000001' },
  ])('accept %o', (input) => {
    expect(() => check(input)).not.toThrow()
  })

  it.each([
    ['symbol', { symbol: '' }],
    ['symbol', { symbol: 'BTC USD' }],
    ['symbol', { symbol: undefined }],
    ['side', { side: 'hold' }],
    ['side', { side: undefined }],
    ['type', { type: 'iceberg' }],
    ['time-in-force', { timeInForce: 'forever' }],
    ['positive-quantity', { quantity: 0 }],
    ['positive-quantity', { quantity: '-0.1' }],
    ['min-quantity', { quantity: '0.0005' }],
    ['min-quantity', { symbol: 'ETH-USD', quantity: '0.5' }],
    ['max-quantity', { quantity: '100.001' }],
    ['quantity-step', { quantity: '0.1005' }],
    ['price-required', { price: undefined }],
    ['price-required', { type: 'stop-limit', price: undefined, stopPrice: 1 }],
    ['price-not-allowed', { type: 'market' }],
    ['stop-price-required', { type: 'stop', price: undefined }],
    ['stop-price-not-allowed', { stopPrice: 99 }],
    ['positive-price', { price: 0 }],
    ['price-tick', { price: '100.25' }],
    ['price-tick', { type: 'stop', price: undefined, stopPrice: '100.25' }],
    ['min-notional', { quantity: '0.01', price: '999.5' }],
  ])('name "%s" for %o', (rule, change) => {
    expect(() => check({ ...good, ...change })).toThrow(expect.objectContaining({ code: 'ERR_ORDER_RULE', rule }))
  })

  it.each([
    ['quantity', { quantity: 0.1 }],
    ['price', { price: 100.5 }],
    ['price', { price: '1e2' }],
    ['clientOrderId', { clientOrderId: '' }],
    ['order.qty', { qty: '1' }],
  ])('do not take a %s that is not one', (option, change) => {
    const expected = expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option })
    expect(() => check({ ...good, ...change })).toThrow(expected)
  })

  it.each([
    ['rules["X"].minQuantity', { X: { minQuantity: 0.1 } }],
    ['rules["X"].priceTick', { X: { priceTick: 0 } }],
    ['rules["X"]', { X: { tick: 1 } }],
    ['rules["X"]', { X: null }],
  ])('are checked themselves: %s', (option, given) => {
    expect(() => new OrderRules(given as Record<string, SymbolRules>)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option }),
    )
  })
})
