import { defineComponent } from '../../worker.ts'
import type { Remote } from '../../worker.ts'
import type prices from './prices.ts'

/** Needs prices, and asks for them worker to worker: the main thread has no part in it. */
export default defineComponent((holdings: Readonly<Record<string, number>>, { dependencies }) => {
  const price = dependencies['prices'] as Remote<typeof prices>
  return {
    async value(day: number): Promise<number> {
      const close = await price.close(day)
      return Object.values(holdings).reduce((sum, quantity) => sum + quantity * close, 0)
    },
  }
})
