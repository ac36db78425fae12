import type { Worker } from 'node:worker_threads'
import { WORTH_ASKING } from '../tuning.ts'

/**
 * Tells which workers have done anything since they were last asked for their memory: the heap of one that has not is what it was. Reading
 * the time its event loop was not waiting takes a fraction of a microsecond, and works while the worker is stuck.
 */
export class WorkerActivity {
  readonly #asked = new WeakMap<Worker, number>()

  hasRun(worker: Worker): boolean {
    const before = this.#asked.get(worker)
    return before === undefined || activeTime(worker) - before >= WORTH_ASKING
  }

  /** It is being asked now. */
  note(worker: Worker): void {
    this.#asked.set(worker, activeTime(worker))
  }
}

/** ms since the worker started in which its event loop was not waiting. */
const activeTime = (worker: Worker): number => worker.performance.eventLoopUtilization().active
