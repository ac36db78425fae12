import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Start } from '../contenders/callee.ts'

export const workerPool =
  (workerType: 'thread' | 'process'): Start =>
  ({ typedArrays } = {}) => {
    const pool = workerpool.pool(fileURLToPath(new URL('workerpool-worker.js', import.meta.url)), {
      workerType,
      minWorkers: 1,
      maxWorkers: 1,
      ...(typedArrays && { forkOpts: { serialization: 'advanced' as const } }),
    })
    return {
      // Its promises are of a class of its own.
      call: async (method, argument) => pool.exec(method, [argument]),
      callWithin: async (method, argument, { timeout, signal }) => {
        const task = pool.exec(method, [argument]).timeout(timeout)
        const cancel = (): void => void task.cancel()
        signal.addEventListener('abort', cancel)
        try {
          return await task
        } finally {
          signal.removeEventListener('abort', cancel)
        }
      },
      end: async () => pool.terminate(),
    }
  }
