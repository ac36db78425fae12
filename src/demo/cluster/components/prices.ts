import { defineComponent } from '../../../worker.ts'

/** Made-up prices, the same wherever they are asked for. */
export default defineComponent(() => ({
  price: (symbol: number, time: number): number => 100 + symbol + Math.sin(time / 1_000),
}))
