import type { DataSource } from './source.ts'

/** Columns and names as in `contenders.ts`. */
export const sources: readonly { readonly name: string; readonly start: () => Promise<DataSource> }[] = [
  { name: 'spillway', start: async () => (await import('./spillway.ts')).spillway() },
  { name: 'worker', start: async () => (await import('./bare.ts')).bare() },
  { name: 'comlink', start: async () => (await import('../../peers/data/comlink.ts')).comlink() },
  { name: 'piscina', start: async () => (await import('../../peers/data/pool.ts')).piscina() },
  { name: 'tinypool', start: async () => (await import('../../peers/data/pool.ts')).tinypool() },
  { name: 'workerpool', start: async () => (await import('../../peers/data/workerpool.ts')).workerPool() },
  { name: 'poolifier', start: async () => (await import('../../peers/data/poolifier.ts')).poolifier() },
  { name: 'threads.js', start: async () => (await import('../../peers/data/threads-js.ts')).threadsJs() },
]
