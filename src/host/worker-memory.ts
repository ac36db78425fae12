import type { HeapInfo } from 'node:v8'

/** What a worker holds, in bytes, as it is measured from outside. */
export interface WorkerMemory {
  /** used_heap_size: live objects and garbage not yet collected. Of a process all it holds. */
  readonly used: number
  /** total_physical_size: pages of the heap that are really there. Of a process all it holds. */
  readonly physical: number
  /** external_memory: ArrayBuffers and Buffers. */
  readonly external: number
  /** malloced_memory: V8's own. */
  readonly malloced: number
  /** total_heap_size, which with `external` is what a memory limit is held against. Of a process all it holds. */
  readonly heap: number
  /** Nothing the worker holds is missing, so that what it reports itself is in these figures. */
  readonly isAll?: boolean
}

/** All that a process holds is measured at once: nothing in it is left to be added. */
export function wholeMemory(bytes: number): WorkerMemory {
  return { used: bytes, physical: bytes, external: 0, malloced: 0, heap: bytes, isAll: true }
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
