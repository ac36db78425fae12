import { FixedThreadPool } from 'poolifier'
import { fileURLToPath } from 'node:url'
import { resourceLimits } from '../../conformance/library.ts'
import type { Open } from '../../conformance/library.ts'

export const poolifier: Open = (options) => {
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('poolifier-worker.js', import.meta.url)), {
    // As in its example: a handler that tells.
    errorHandler: () => {},
    workerOptions: resourceLimits(options),
  })
  return {
    call: (method, argument) => pool.execute(argument, method),
    callWithin: (method, timeout) => pool.execute(undefined, method, AbortSignal.timeout(timeout)),
    end: () => pool.destroy(),
  }
}
