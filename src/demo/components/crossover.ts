import type { MarketData } from '../../services/index.ts'
import { defineComponent } from '../../worker.ts'

/** Prices over which the two averages are taken. */
export interface CrossoverConfig {
  readonly fast: number
  readonly slow: number
}

export interface Signal {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: number
}

interface Averages {
  readonly seen: number
  readonly fast: number
  readonly slow: number
}

/** A strategy: buys when the fast average of the price crosses the slow one from below, and sells when it crosses it from above. */
export default defineComponent(({ fast, slow }: CrossoverConfig, { restored }) => {
  const averages = new Map(restored as Map<string, Averages> | undefined)
  return {
    onMarketData({ exchange, symbol, last }: MarketData): Signal | undefined {
      if (last === null) return undefined
      const market = `${exchange} ${symbol}`
      const before = averages.get(market) ?? { seen: 0, fast: last, slow: last }
      const now = {
        seen: before.seen + 1,
        fast: before.fast + (last - before.fast) / fast,
        slow: before.slow + (last - before.slow) / slow,
      }
      averages.set(market, now)
      if (now.seen < slow || Math.sign(before.fast - before.slow) === Math.sign(now.fast - now.slow)) return undefined
      return { symbol, side: now.fast > now.slow ? 'buy' : 'sell', price: last }
    },
    snapshot: (): Map<string, Averages> => averages,
  }
})
