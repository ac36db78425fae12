import { defineComponent } from '../../worker.ts'
import type { Remote } from '../../worker.ts'
import type portfolio from './portfolio.ts'

/** Needs the portfolio, which needs prices. */
export default defineComponent((_config: undefined, { dependencies }) => {
  const { value } = dependencies['portfolio'] as Remote<typeof portfolio>
  return {
    async gain(from: number, to: number): Promise<string> {
      const [before, after] = await Promise.all([value(from), value(to)])
      return `${(((after - before) / before) * 100).toFixed(2)} %`
    },
  }
})
