import type { WorkerMemory } from '../../host/worker-memory.ts'

/** What a worker says itself of memory that is not measured from outside, in bytes. */
export interface SelfReported {
  /** What the component reported. */
  readonly reported: number
  /** What of that counts towards its own limit; where nothing is said, nothing. */
  readonly limited?: number
  /** SharedArrayBuffers that its code made, and WebAssembly memories where V8 does not count them as external. */
  readonly uncounted: number
}

/** What counts against the budget, bytes. */
export function totalOf(
  memory: WorkerMemory,
  { reported, uncounted }: Pick<SelfReported, 'reported' | 'uncounted'> = { reported: 0, uncounted: 0 },
): number {
  const measured = memory.physical + memory.external + memory.malloced
  return memory.isAll === true ? measured : measured + reported + uncounted
}
