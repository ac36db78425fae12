import { monotonicNow } from './monotonic.ts'
import { sleep } from './timers.ts'

/** ms between two looks. */
const lookEvery = 10

/** Until something is so that nobody tells of, at most `deadline` ms. */
export async function until(condition: () => boolean, deadline: number): Promise<void> {
  const end = monotonicNow() + deadline
  while (!condition() && monotonicNow() < end) await sleep(lookEvery)
}
