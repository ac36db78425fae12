import { getHeapStatistics } from 'node:v8'
import type { MainMemory } from '../../contract/ledger.ts'
import { memoryOf } from '../../host/worker-memory.ts'
import { totalOf } from './worker-memory.ts'

/** What the main thread's own isolate holds. To ask for it takes some 30 us, so that is done once a sample. */
export class MainMeter {
  #memory: MainMemory = measure()

  get memory(): MainMemory {
    return this.#memory
  }

  measure(): void {
    this.#memory = measure()
  }
}

function measure(): MainMemory {
  const memory = memoryOf(getHeapStatistics())
  const { used, physical, external, malloced } = memory
  return { used, physical, external, malloced, total: totalOf(memory) }
}
