import { Piscina } from 'piscina'
import type { Start } from './contender.ts'

export const piscina: Start = () => {
  const filename = new URL('work.js', import.meta.url).href
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 })
  return { call: (name, argument) => pool.run(argument, { name }), end: () => pool.destroy() }
}
