import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { resourceLimits } from '../../conformance/library.ts'
import type { Open } from '../../conformance/library.ts'

export const workerPool: Open = (options) => {
  const pool = workerpool.pool(fileURLToPath(new URL('workerpool-worker.js', import.meta.url)), {
    workerType: 'thread',
    minWorkers: 1,
    maxWorkers: 1,
    workerThreadOpts: resourceLimits(options),
  })
  return {
    // Its promises are of a class of its own.
    call: async (method, argument) => pool.exec(method, [argument]),
    callWithin: async (method, timeout) => pool.exec(method, []).timeout(timeout),
    // Forced: it would wait for the call under way without limit.
    end: () => pool.terminate(true),
  }
}
