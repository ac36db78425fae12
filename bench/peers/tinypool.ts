import { Tinypool } from 'tinypool'
import { signalOf } from '../contenders/callee.ts'
import type { Start } from '../contenders/callee.ts'

export const tinypool =
  (runtime: 'worker_threads' | 'child_process'): Start =>
  ({ typedArrays } = {}) => {
    const pool = new Tinypool({
      filename: new URL('../contenders/work.js', import.meta.url).href,
      runtime,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 64,
      ...(typedArrays && { serialization: 'advanced' as const }),
    })
    return {
      call: (name, argument) => pool.run(argument, { name }),
      callWithin: (name, argument, limits) => pool.run(argument, { name, signal: signalOf(limits) }),
      end: () => pool.destroy(),
    }
  }

/** A pool whose thread is started now, and given a module by its first task. */
export const idleTinypool = (): Tinypool => new Tinypool({ minThreads: 1, maxThreads: 1 })
