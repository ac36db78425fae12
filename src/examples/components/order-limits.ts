import { defineComponent } from '../../worker.ts'

export interface OrderLimitsConfig {
  readonly symbols: readonly string[]
  /** In units of the symbol's base currency. */
  readonly maxQuantity: number
}

interface Problem {
  readonly rule: string
  readonly message: string
}

/** A validator: which symbols may be traded, and how much of them at a time. */
export default defineComponent(({ symbols, maxQuantity }: OrderLimitsConfig) => ({
  validate({ symbol, quantity }: { symbol: string; quantity: string | number | bigint }): Problem[] {
    const problems: Problem[] = []
    if (!symbols.includes(symbol)) {
      problems.push({ rule: 'symbol-allowed', message: `${symbol} is none of ${symbols.join(', ')}` })
    }
    if (!(Number(quantity) <= maxQuantity)) {
      problems.push({ rule: 'max-quantity', message: `${quantity} is more than ${maxQuantity}` })
    }
    return problems
  },
}))
