import { Tinypool } from 'tinypool'
import type { Start } from '../contender.ts'

export const tinypool =
  (runtime: 'worker_threads' | 'child_process'): Start =>
  ({ typedArrays }) => {
    const pool = new Tinypool({
      filename: new URL('../work.js', import.meta.url).href,
      runtime,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 64,
      ...(typedArrays && { serialization: 'advanced' as const }),
    })
    return { call: (name, argument) => pool.run(argument, { name }), end: () => pool.destroy() }
  }
