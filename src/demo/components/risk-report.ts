import type { HistoricalDataApi, OrderApi } from '../../services/index.ts'
import { defineComponent } from '../../worker.ts'

export interface RiskReportConfig {
  /** The components that have the candles and the orders. */
  readonly data: string
  readonly orders: string
  /** Daily candles of this symbol stand for the market. */
  readonly symbol: string
}

export interface RiskReport {
  /** Value of the last filled orders. */
  readonly exposure: number
  /** The share that one day in twenty loses at least. */
  readonly valueAtRisk: number
}

/** What is at stake: the orders of late, against what the market has done on its worse days. */
export default defineComponent(({ data, orders, symbol }: RiskReportConfig, { dependencies }) => {
  const history = dependencies[data] as Pick<HistoricalDataApi, 'getHistoricalData'>
  const book = dependencies[orders] as Pick<OrderApi, 'listOrders'>
  return {
    async report(from: number, to: number): Promise<RiskReport> {
      const [days, page] = await Promise.all([
        history.getHistoricalData(symbol, from, to, '1d'),
        book.listOrders({ status: 'filled', limit: 500 }),
      ])
      const returns = days.close.subarray(1).map((close, day) => close / (days.close[day] ?? close) - 1)
      const worse = returns.sort()[Math.floor(returns.length / 20)] ?? 0
      const exposure = page.orders.reduce((sum, { filledValue }) => sum + Number(filledValue), 0)
      return { exposure, valueAtRisk: Math.max(0, -worse) }
    },
  }
})
