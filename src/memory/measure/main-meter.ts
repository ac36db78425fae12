import { getHeapStatistics } from 'node:v8'
import type { MainMemory } from '../../contract/ledger.ts'
import { memoryOf, totalOf } from './worker-memory.ts'

/** ms for which figures are taken to stand. To ask for them takes some 30 us, and one sample looks at them several times. */
const age = 5

/** What the main thread's own isolate holds. */
export class MainMeter {
  readonly #now: () => number
  #last: { readonly at: number; readonly memory: MainMemory } | undefined

  /** @param now ms of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  get memory(): MainMemory {
    const at = this.#now()
    if (!this.#last || at - this.#last.at >= age) this.#last = { at, memory: measure() }
    return this.#last.memory
  }
}

function measure(): MainMemory {
  const memory = memoryOf(getHeapStatistics())
  const { used, physical, external, malloced } = memory
  return { used, physical, external, malloced, total: totalOf(memory) }
}
