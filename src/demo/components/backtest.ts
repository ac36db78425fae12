import type { HistoricalDataApi } from '../../services/index.ts'
import { defineComponent } from '../../worker.ts'

export interface BacktestConfig {
  /** The component that has the candles. */
  readonly data: string
  readonly symbol: string
}

export interface BacktestResult {
  readonly candles: number
  readonly trades: number
  /** Share of the capital won or lost. */
  readonly profit: number
}

interface Trade {
  readonly time: number
  readonly price: number
  readonly position: number
}

/** Tries a pair of averages on stored candles, and keeps every run for whoever looks at it next: what it holds grows with each. */
export default defineComponent(({ data, symbol }: BacktestConfig, { dependencies, signal }) => {
  const history = dependencies[data] as Pick<HistoricalDataApi, 'getHistoricalData'>
  const runs: { readonly equity: Float64Array; readonly trades: readonly Trade[] }[] = []
  signal.addEventListener('abort', () => (runs.length = 0))
  return {
    async run(from: number, to: number, fast: number, slow: number): Promise<BacktestResult> {
      const { time, close, length } = await history.getHistoricalData(symbol, from, to, '1m')
      const equity = new Float64Array(length)
      const trades: Trade[] = []
      let [capital, position, quick, steady] = [1, 0, close[0] ?? 0, close[0] ?? 0]
      for (let i = 1; i < length; i++) {
        const [before = 0, price = 0] = [close[i - 1], close[i]]
        capital *= 1 + position * (price / before - 1)
        equity[i] = capital
        quick += (price - quick) / fast
        steady += (price - steady) / slow
        const wanted = Math.sign(quick - steady)
        if (wanted !== position) {
          position = wanted
          trades.push({ time: time[i] ?? 0, price, position })
        }
      }
      runs.push({ equity, trades })
      return { candles: length, trades: trades.length, profit: capital - 1 }
    },
  }
})
