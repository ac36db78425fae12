import { InvalidOptionsError } from '../../worker.ts'
import { Decimal, type DecimalInput } from './decimal.ts'
import { OrderRuleError, type OrderRule } from './order-errors.ts'
import type { OrderSide, OrderType, TimeInForce } from './order.ts'

/** What the exchange demands of orders for a symbol. All optional; decimals as everywhere. */
export interface SymbolRules {
  readonly minQuantity?: DecimalInput | undefined
  readonly maxQuantity?: DecimalInput | undefined
  /** Quantities are multiples of it. */
  readonly quantityStep?: DecimalInput | undefined
  /** Prices are multiples of it. */
  readonly priceTick?: DecimalInput | undefined
  /** Least price times quantity, where the order has a price. */
  readonly minNotional?: DecimalInput | undefined
}

/** The terms of an order: what its content is compared by, and what the rules look at. */
export interface OrderTerms {
  readonly symbol: string
  readonly side: OrderSide
  readonly type: OrderType
  readonly timeInForce: TimeInForce
  readonly quantity: Decimal
  readonly price: Decimal | null
  readonly stopPrice: Decimal | null
}

type ParsedRules = { readonly [Rule in keyof SymbolRules]-?: Decimal | undefined }

/** The rules by symbol; those of '*' hold for symbols that have none of their own. */
export class OrderRules {
  readonly #bySymbol = new Map<string, ParsedRules>()

  /** @throws InvalidOptionsError for a rule that is no positive decimal, or that is unknown. */
  constructor(rules: Readonly<Record<string, SymbolRules>> = {}) {
    if (typeof rules !== 'object' || rules === null)
      throw new InvalidOptionsError('rules', 'an object by symbol', rules)
    for (const [symbol, each] of Object.entries(rules)) this.#bySymbol.set(symbol, parseRules(symbol, each))
  }

  /** @throws OrderRuleError naming the first rule that is broken. */
  check(terms: OrderTerms): void {
    const { type, quantity, price, stopPrice } = terms
    demand(quantity.sign > 0, 'positive-quantity', 'a quantity above 0', quantity)
    checkPrice('price', type === 'limit' || type === 'stop-limit', type, price)
    checkPrice('stop-price', type === 'stop' || type === 'stop-limit', type, stopPrice)
    const rules = this.#bySymbol.get(terms.symbol) ?? this.#bySymbol.get('*')
    if (rules === undefined) return
    const { minQuantity, maxQuantity, quantityStep, priceTick, minNotional } = rules
    atLeast(minQuantity, 'min-quantity', quantity)
    if (maxQuantity) {
      demand(quantity.compare(maxQuantity) <= 0, 'max-quantity', `${maxQuantity.toString()} or less`, quantity)
    }
    multipleOf(quantityStep, 'quantity-step', quantity)
    for (const each of [price, stopPrice]) if (each) multipleOf(priceTick, 'price-tick', each)
    if (price) atLeast(minNotional, 'min-notional', price.times(quantity))
  }
}

function atLeast(least: Decimal | undefined, rule: OrderRule, value: Decimal): void {
  if (least) demand(value.compare(least) >= 0, rule, `${least.toString()} or more`, value)
}

function multipleOf(step: Decimal | undefined, rule: OrderRule, value: Decimal): void {
  if (step) demand(value.isMultipleOf(step), rule, `a multiple of ${step.toString()}`, value)
}

function checkPrice(name: 'price' | 'stop-price', needed: boolean, type: OrderType, price: Decimal | null): void {
  if (needed) demand(price !== null, `${name}-required`, `a ${name} for a ${type} order`, 'none')
  else demand(price === null, `${name}-not-allowed`, `no ${name} for a ${type} order`, price)
  if (price !== null) demand(price.sign > 0, 'positive-price', `a ${name} above 0`, price)
}

function demand(kept: boolean, rule: OrderRule, expected: string, received: Decimal | string | null): void {
  if (!kept) throw new OrderRuleError(rule, expected, String(received))
}

const ruleNames = ['minQuantity', 'maxQuantity', 'quantityStep', 'priceTick', 'minNotional'] as const

function parseRules(symbol: string, rules: SymbolRules): ParsedRules {
  const option = `rules[${JSON.stringify(symbol)}]`
  if (typeof rules !== 'object' || rules === null) throw new InvalidOptionsError(option, 'an object of rules', rules)
  const unknown = Object.keys(rules).find((key) => !ruleNames.some((name) => name === key))
  if (unknown !== undefined) throw new InvalidOptionsError(option, `rules out of ${ruleNames.join(', ')}`, unknown)
  const parse = (name: keyof SymbolRules): Decimal | undefined => {
    const value = rules[name]
    if (value === undefined) return undefined
    const rule = Decimal.parse(value, `${option}.${name}`)
    if (rule.sign <= 0) throw new InvalidOptionsError(`${option}.${name}`, 'a decimal above 0', value)
    return rule
  }
  return {
    minQuantity: parse('minQuantity'),
    maxQuantity: parse('maxQuantity'),
    quantityStep: parse('quantityStep'),
    priceTick: parse('priceTick'),
    minNotional: parse('minNotional'),
  }
}
