import { FixedThreadPool } from 'poolifier'
import { fileURLToPath } from 'node:url'
import { signalOf } from '../contenders/callee.ts'
import type { Start } from '../contenders/callee.ts'

export const poolifier: Start = () => {
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('poolifier-worker.js', import.meta.url)))
  return {
    call: (method, argument) => pool.execute(argument, method),
    callWithin: (method, argument, limits) => pool.execute(argument, method, signalOf(limits)),
    end: () => pool.destroy(),
  }
}
