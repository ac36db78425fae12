import type { Worker } from 'node:worker_threads'
import { withDeadline } from '../host/deadline.ts'

/** What a worker's isolate holds, in bytes, as V8 tells from outside. */
export interface WorkerMemory {
  /** used_heap_size: live objects and garbage not yet collected. */
  readonly used: number
  /** total_physical_size: pages of the heap that are really there. */
  readonly physical: number
  /** external_memory: ArrayBuffers and Buffers. */
  readonly external: number
  /** malloced_memory: V8's own. */
  readonly malloced: number
  /** total_heap_size, which with `external` is what a memory limit is held against. */
  readonly heap: number
}

/** One reading of a worker's memory; undefined when it did not answer within `deadline` ms, or is gone. */
export async function measureWorker(worker: Worker, deadline: number): Promise<WorkerMemory | undefined> {
  try {
    const heap = await withDeadline(worker.getHeapStatistics(), deadline)
    if (!heap) return undefined
    return {
      used: heap.used_heap_size,
      physical: heap.total_physical_size,
      external: heap.external_memory,
      malloced: heap.malloced_memory,
      heap: heap.total_heap_size,
    }
  } catch {
    // ERR_WORKER_NOT_RUNNING: it has not started yet, or is gone.
    return undefined
  }
}

/** What counts against the budget (bytes); `reported` is the native memory the component told of. */
export function totalOf(memory: WorkerMemory, reported: number): number {
  return memory.physical + memory.external + memory.malloced + reported
}
