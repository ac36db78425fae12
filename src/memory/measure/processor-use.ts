import type { MeasuredWorker } from '../../host/component-host.ts'
import { RETRY } from '../tuning.ts'

/** What a worker does with its time, as shares (0..1) since the reading before. */
export interface ProcessorUse {
  /** Of one processor. Helper threads of V8 are not counted. */
  readonly cpu: number
  /** Of the time in which its event loop did not wait. It is 1 in `Atomics.wait`, which costs no processor time. */
  readonly eventLoop: number
}

interface Reading {
  /** ms of a monotonic clock. */
  readonly at: number
  /** Microseconds. */
  readonly cpu: number
  readonly active: number
  /** Since the reading before; null for the first. */
  readonly use: ProcessorUse | null
}

/** Reads what workers do with their time for those who ask, and costs nothing while nobody does. */
export class ProcessorMeter {
  readonly #readings = new WeakMap<MeasuredWorker, Reading>()
  readonly #reading = new WeakSet<MeasuredWorker>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** As of the last reading, and takes another one if that is a second ago. Null before the second one. */
  read(worker: MeasuredWorker): ProcessorUse | null {
    const last = this.#readings.get(worker)
    if (!this.#reading.has(worker) && (!last || this.#now() - last.at >= RETRY)) void this.#take(worker, last)
    return last?.use ?? null
  }

  /** Of several together: the sum of their processor time, and the busiest loop. Null before the second reading of any. */
  readAll(workers: readonly MeasuredWorker[]): ProcessorUse | null {
    const uses = workers.map((worker) => this.read(worker)).filter((use) => use !== null)
    if (uses.length === 0) return null
    return {
      cpu: uses.reduce((sum, { cpu }) => sum + cpu, 0),
      eventLoop: Math.max(...uses.map(({ eventLoop }) => eventLoop)),
    }
  }

  async #take(worker: MeasuredWorker, last: Reading | undefined): Promise<void> {
    this.#reading.add(worker)
    try {
      const cpu = await worker.processorTime()
      const active = worker.activeTime()
      const at = this.#now()
      const load = last && {
        cpu: share(cpu - last.cpu, (at - last.at) * 1_000),
        eventLoop: share(active - last.active, at - last.at),
      }
      this.#readings.set(worker, { at, cpu, active, use: load ?? null })
    } catch {
      // It is only starting, or gone.
    } finally {
      this.#reading.delete(worker)
    }
  }
}

const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)
