import { Piscina } from 'piscina'
import { signalOf } from '../contenders/callee.ts'
import type { Start } from '../contenders/callee.ts'

export const piscina: Start = () => {
  const filename = new URL('../contenders/work.js', import.meta.url).href
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 })
  return {
    call: (name, argument) => pool.run(argument, { name }),
    callWithin: (name, argument, limits) => pool.run(argument, { name, signal: signalOf(limits) }),
    end: () => pool.destroy(),
  }
}
