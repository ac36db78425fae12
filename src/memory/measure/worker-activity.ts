import type { MeasuredWorker } from '../../host/component-host.ts'
import type { Telling } from '../../host/told-memory.ts'

interface Known {
  /** ms for which it had worked when it was last asked, or told. */
  figures: number
  /** The same when it was last looked at. */
  look: number
  /** When that was (ms). */
  at: number
  /** Number of what it told last. */
  told: number
}

/** What was seen of a worker at a look. */
export interface Look {
  /** What it has told since the last one. */
  readonly telling: Telling | undefined
  /** ms of work since the last one, which was that long ago (ms). */
  readonly worked: number
  readonly elapsed: number
  /** ms of work that are in none of its figures: Infinity while there are none. */
  readonly unseen: number
}

/**
 * Tells what workers have done that is in no figures of theirs: the heap of one that has done nothing is what it was. Reading the time its event loop was
 * not waiting takes half a microsecond, and works while the worker is stuck.
 */
export class WorkerActivity {
  readonly #known = new WeakMap<MeasuredWorker, Known>()

  /** @param now ms of a monotonic clock. */
  look(worker: MeasuredWorker, now: number): Look {
    const active = worker.activeTime()
    const known = this.#known.get(worker)
    const telling = worker.told(known?.told ?? 0)
    if (!known) {
      const figures = telling?.active ?? Number.NEGATIVE_INFINITY
      this.#known.set(worker, { figures, look: active, at: now, told: telling?.number ?? 0 })
      return { telling, worked: active, elapsed: Number.POSITIVE_INFINITY, unseen: active - figures }
    }
    if (telling) {
      known.figures = Math.max(known.figures, telling.active)
      known.told = telling.number
    }
    const worked = active - known.look
    const elapsed = now - known.at
    known.look = active
    known.at = now
    return { telling, worked, elapsed, unseen: active - known.figures }
  }

  /** When it was last looked at (ms). */
  lookedAt(worker: MeasuredWorker): number {
    return this.#known.get(worker)?.at ?? Number.NEGATIVE_INFINITY
  }

  /** It is being asked now. */
  note(worker: MeasuredWorker): void {
    const active = worker.activeTime()
    const known = this.#known.get(worker)
    if (known) known.figures = Math.max(known.figures, active)
    else this.#known.set(worker, { figures: active, look: active, at: Number.NEGATIVE_INFINITY, told: 0 })
  }
}
