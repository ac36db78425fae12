// In a program of your own: from 'spillway/services' and 'spillway/worker'.
import type { HistoricalDataApi, OrderApi } from '../../services/index.ts'
import { defineComponent } from '../../worker.ts'

interface Dependencies {
  'historical-data': HistoricalDataApi
  'order-service': OrderApi
}

/** What the open orders of a symbol are worth. Asks two services worker to worker: the main thread has no part in it. */
export default defineComponent<Dependencies>()(({ symbol }: { symbol: string }, { dependencies }) => {
  const { 'historical-data': history, 'order-service': orders } = dependencies
  return {
    /** @param at epoch ms: the hour before it says what one is worth. */
    async worth(at: number): Promise<{ quantity: number; price: number }> {
      const [hour, open] = await Promise.all([
        history.getHistoricalData(symbol, at - 3_600_000, at, '1h'),
        orders.listOrders({ symbol, status: 'open' }),
      ])
      const quantity = open.orders.reduce((sum, order) => sum + Number(order.quantity), 0)
      return { quantity, price: hour.close.at(-1) ?? Number.NaN }
    },
  }
})
