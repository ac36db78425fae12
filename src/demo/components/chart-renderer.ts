import sharp from 'sharp'
import type { HistoricalDataApi } from '../../services/index.ts'
import { defineComponent } from '../../worker.ts'

export interface ChartRendererConfig {
  /** The component that has the candles. */
  readonly data: string
  /** Pixels. */
  readonly width: number
  readonly height: number
}

/** Draws with libvips, which is native: what it does wrong, and what it holds, stays in its process. */
export default defineComponent(({ data, width, height }: ChartRendererConfig, { dependencies }) => {
  const history = dependencies[data] as Pick<HistoricalDataApi, 'getHistoricalData'>
  return {
    /** Lowest and highest prices of each day as bars, PNG. */
    async draw(symbol: string, from: number, to: number): Promise<Uint8Array> {
      const { low, high, length } = await history.getHistoricalData(symbol, from, to, '1d')
      const bottom = low.reduce((a, b) => Math.min(a, b), Infinity)
      const top = high.reduce((a, b) => Math.max(a, b), -Infinity)
      const y = (price: number): string => (height * ((top - price) / (top - bottom))).toFixed(1)
      const bars = Array.from({ length }, (_, day) => {
        const x = (((day + 0.5) * width) / length).toFixed(1)
        return `M${x} ${y(low[day] ?? bottom)}V${y(high[day] ?? top)}`
      })
      const image = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
        <rect width="100%" height="100%" fill="white"/><path d="${bars.join('')}" stroke="steelblue"/></svg>`
      return sharp(Buffer.from(image)).png().toBuffer()
    },
  }
})
