import { monotonicNow } from './monotonic.ts'
import { setTimeout } from './timers.ts'

/** What may be called as often as one likes: `run` is run at once, and then no more than once in so many ms, the last time after the last call. Keeps no process alive. */
export function atMostEvery(interval: number, run: () => void): () => void {
  let ranAt = Number.NEGATIVE_INFINITY
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    const wait = ranAt + interval - monotonicNow()
    const due = (): void => {
      isDue = false
      ranAt = monotonicNow()
      run()
    }
    if (wait <= 0) due()
    else setTimeout(due, wait).unref()
  }
}
