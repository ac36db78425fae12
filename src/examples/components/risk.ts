import { defineComponent } from '../../worker.ts'
import type exposure from './exposure.ts'

/** Needs the exposure, which needs history and orders. */
export default defineComponent<{ exposure: typeof exposure }>()(({ limit }: { limit: number }, { dependencies }) => {
  const { worth } = dependencies.exposure
  return {
    async check(at: number): Promise<string> {
      const { quantity, price } = await worth(at)
      return `${quantity} at ${price > 0 ? 'the price of the last hour' : 'no price'}: ${quantity * price <= limit ? 'within' : 'beyond'} the limit`
    },
  }
})
