import { Tinypool } from 'tinypool'
import { resourceLimits } from '../../conformance/library.ts'
import type { Open } from '../../conformance/library.ts'

export const tinypool: Open = (options) => {
  const pool = new Tinypool({
    filename: new URL('../../conformance/misbehave.js', import.meta.url).href,
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    ...resourceLimits(options),
  })
  return {
    call: (name, argument) => pool.run(argument, { name }),
    callWithin: (name, timeout) => pool.run(undefined, { name, signal: AbortSignal.timeout(timeout) }),
    end: () => pool.destroy(),
  }
}
