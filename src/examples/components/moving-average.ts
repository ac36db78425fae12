import { defineComponent } from '../../worker.ts'

export interface MovingAverageConfig {
  readonly symbol: string
  /** Prices in the short and in the long average. */
  readonly short: number
  readonly long: number
}

/** What it makes of an update. */
export interface Signal {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: number
}

interface State {
  readonly prices: number[]
  position: 'none' | 'long'
}

/** A strategy: buys when the short average of the price rises above the long one, sells when it falls below. */
export default defineComponent(({ symbol, short, long }: MovingAverageConfig, context) => {
  // Where it was before it was unloaded, or nowhere.
  const state = (context.restored as State | undefined) ?? { prices: [], position: 'none' }
  const average = (count: number): number => state.prices.slice(-count).reduce((sum, price) => sum + price, 0) / count

  return {
    onMarketData(data: { symbol: string; last: number | null }): Signal | undefined {
      if (data.symbol !== symbol || data.last === null) return undefined
      state.prices.push(data.last)
      if (state.prices.length > long) state.prices.shift()
      if (state.prices.length < long) return undefined
      const rising = average(short) > average(long)
      if (rising === (state.position === 'long')) return undefined
      state.position = rising ? 'long' : 'none'
      context.logger.debug({ symbol, price: data.last }, rising ? 'buying' : 'selling')
      return { symbol, side: rising ? 'buy' : 'sell', price: data.last }
    },
    position: (): State['position'] => state.position,
    pricesSeen: (): number => state.prices.length,
    snapshot: (): State => state,
  }
})
