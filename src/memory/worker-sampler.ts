import type { Worker } from 'node:worker_threads'
import type { WorkerMemory } from './worker-memory.ts'

/** Something whose worker is sampled. */
export interface SampleTarget {
  readonly worker: Worker
  /** The figures, as soon as they are there; possibly long after the sample that asked for them. */
  answered(memory: WorkerMemory): void
  /** It has not answered by the sample's deadline. */
  late(): void
}

/**
 * Asks all workers for their heap statistics side by side. One that hangs is asked once and then left alone until it answers, so it
 * delays nobody: not the sample beyond its deadline, and not the next one at all.
 */
export class WorkerSampler {
  readonly #asked = new WeakSet<Worker>()

  /** Resolves when all have answered, at the latest after `deadline` ms. */
  async sample(targets: Iterable<SampleTarget>, deadline: number): Promise<void> {
    let open = 0
    const done = Promise.withResolvers<void>()
    const waiting = new Set<SampleTarget>()
    for (const target of targets) {
      const { worker } = target
      if (this.#asked.has(worker)) {
        target.late()
        continue
      }
      this.#asked.add(worker)
      open++
      waiting.add(target)
      const settle = (): void => {
        this.#asked.delete(worker)
        waiting.delete(target)
        if (--open === 0) done.resolve()
      }
      worker.getHeapStatistics().then(
        (heap) => {
          target.answered({
            used: heap.used_heap_size,
            physical: heap.total_physical_size,
            external: heap.external_memory,
            malloced: heap.malloced_memory,
            heap: heap.total_heap_size,
          })
          settle()
        },
        // ERR_WORKER_NOT_RUNNING: it is only starting, or gone.
        settle,
      )
    }
    if (open === 0) return
    const timer = setTimeout(() => done.resolve(), deadline)
    await done.promise
    clearTimeout(timer)
    for (const target of waiting) target.late()
  }
}
