import type { HeapInfo } from 'node:v8'
import type { Worker } from 'node:worker_threads'

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

/** What a worker says itself of memory that V8 does not count, in bytes. */
export interface SelfReported {
  /** What the component reported. */
  readonly reported: number
  /** SharedArrayBuffers that its code made, and WebAssembly memories where V8 does not count them as external. */
  readonly uncounted: number
}

/** @throws ERR_WORKER_NOT_RUNNING while it is only starting, or when it is gone; it may take as long as the worker is stuck. */
export async function readWorkerMemory(worker: Worker): Promise<WorkerMemory> {
  return memoryOf(await worker.getHeapStatistics())
}

/** What counts of V8's statistics of an isolate, whichever thread it is. */
export function memoryOf(heap: HeapInfo): WorkerMemory {
  return {
    used: heap.used_heap_size,
    physical: heap.total_physical_size,
    external: heap.external_memory,
    malloced: heap.malloced_memory,
    heap: heap.total_heap_size,
  }
}

/** What counts against the budget, bytes. */
export function totalOf(
  memory: WorkerMemory,
  { reported, uncounted }: SelfReported = { reported: 0, uncounted: 0 },
): number {
  return memory.physical + memory.external + memory.malloced + reported + uncounted
}
