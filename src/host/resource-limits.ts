import type { ResourceLimits, Worker } from 'node:worker_threads'

const mib = 1024 ** 2

/** MB of young generation: halves the aborts that V8's own limit causes and makes loads of many objects a quarter faster than the default. */
const youngGeneration = 16
/** MB: below it a worker cannot even start reliably. */
const minOldGeneration = 16

/**
 * The limits of a worker whose definition names none. They are a backstop, not the fence: V8 aborts the whole process on
 * some ways of passing them, so the old generation is at least 4 times what sampling allows.
 *
 * @param memoryLimit bytes of heap and external memory at which sampling ends the worker.
 */
export function defaultResourceLimits(memoryLimit: number): ResourceLimits {
  return {
    maxOldGenerationSizeMb: Math.max(minOldGeneration, Math.ceil((memoryLimit * 4) / mib)),
    maxYoungGenerationSizeMb: youngGeneration,
  }
}

/**
 * Compares the limit a worker was asked to keep with the one V8 keeps; a process-wide flag such as --max-old-space-size wins silently.
 *
 * @returns what V8 keeps instead (bytes), or undefined when the limit took.
 */
export async function limitThatDidNotTake(worker: Worker, limits: ResourceLimits): Promise<number | undefined> {
  const old = limits.maxOldGenerationSizeMb
  if (old === undefined) return undefined
  const { heap_size_limit: actual } = await worker.getHeapStatistics()
  // Read off Node 24 and 26: the old generation plus one and a half times the young one that was asked for, or plus the default young one.
  const given = limits.maxYoungGenerationSizeMb
  const young = given === undefined ? (worker.resourceLimits?.maxYoungGenerationSizeMb ?? 0) : given * 1.5
  const asked = (old + young) * mib
  return Math.abs(actual - asked) > asked * 0.05 ? actual : undefined
}
