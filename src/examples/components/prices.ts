import { threadId } from 'node:worker_threads'
import { defineComponent } from '../../worker.ts'

/** Prices that are computed from the day, so that every run shows the same. */
export default defineComponent((config: { days: number }, { logger }) => {
  const closes = Float64Array.from({ length: config.days }, (_, day) => 100 + 10 * Math.sin(day / 50))
  logger.info({ days: config.days }, 'prices are there')
  return {
    close: (day: number): number => closes[day] ?? Number.NaN,
    highest: (from: number, to: number): number => closes.subarray(from, to).reduce((a, b) => Math.max(a, b)),
    /** A stream: read with `for await`, no faster than it is read. */
    async *days(from: number, to: number): AsyncGenerator<{ day: number; close: number }> {
      for (let day = from; day < to; day++) yield { day, close: closes[day] ?? Number.NaN }
    },
    thread: (): number => threadId,
    crash: (): void => process.exit(1),
  }
})
