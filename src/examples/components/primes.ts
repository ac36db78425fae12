import { threadId } from 'node:worker_threads'
import { defineComponent } from '../../worker.ts'

/** Work for a processor: while it counts, its thread does nothing else. */
export default defineComponent(() => ({
  countBelow(limit: number): { count: number; thread: number } {
    const composite = new Uint8Array(limit)
    let count = 0
    for (let number = 2; number < limit; number++) {
      if (composite[number]) continue
      count++
      for (let multiple = number * number; multiple < limit; multiple += number) composite[multiple] = 1
    }
    return { count, thread: threadId }
  },
}))
