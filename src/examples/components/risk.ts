import { defineComponent } from '../../worker.ts'
import type { Remote } from '../../worker.ts'
import type exposure from './exposure.ts'

/** Needs the exposure, which needs history and orders. */
export default defineComponent(({ limit }: { limit: number }, { dependencies }) => {
  const { worth } = dependencies['exposure'] as Remote<typeof exposure>
  return {
    async check(at: number): Promise<string> {
      const { quantity, price } = await worth(at)
      return `${quantity} at ${price > 0 ? 'the price of the last hour' : 'no price'}: ${quantity * price <= limit ? 'within' : 'beyond'} the limit`
    },
  }
})
