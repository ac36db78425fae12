import type { MeasuredWorker } from '../../host/component-host.ts'
import { WORTH_ASKING } from '../tuning.ts'

/**
 * Tells which workers have done anything since they were last asked for their memory: the heap of one that has not is what it was. Reading
 * the time its event loop was not waiting takes a fraction of a microsecond, and works while the worker is stuck.
 */
export class WorkerActivity {
  readonly #asked = new WeakMap<MeasuredWorker, number>()

  hasRun(worker: MeasuredWorker): boolean {
    const before = this.#asked.get(worker)
    return before === undefined || worker.activeTime() - before >= WORTH_ASKING
  }

  /** It is being asked now. */
  note(worker: MeasuredWorker): void {
    this.#asked.set(worker, worker.activeTime())
  }
}
