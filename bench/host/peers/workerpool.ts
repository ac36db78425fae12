import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Start } from '../contender.ts'

export const workerPool =
  (workerType: 'thread' | 'process'): Start =>
  ({ typedArrays }) => {
    const pool = workerpool.pool(fileURLToPath(new URL('workerpool-worker.js', import.meta.url)), {
      workerType,
      minWorkers: 1,
      maxWorkers: 1,
      ...(typedArrays && { forkOpts: { serialization: 'advanced' as const } }),
    })
    return {
      // Its promises are of a class of its own.
      call: async (method, argument) => pool.exec(method, [argument]),
      end: async () => pool.terminate(),
    }
  }
