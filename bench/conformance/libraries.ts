import type { Open } from './library.ts'

/** Whose code is imported only in the process that asks it. */
export const libraries: Readonly<Record<string, () => Promise<Open>>> = {
  spillway: async () => (await import('./spillway.ts')).spillway('thread'),
  'spillway process': async () => (await import('./spillway.ts')).spillway('process'),
  worker: async () => (await import('./worker.ts')).worker,
  comlink: async () => (await import('../peers/conformance/comlink.ts')).comlink,
  piscina: async () => (await import('../peers/conformance/piscina.ts')).piscina,
  tinypool: async () => (await import('../peers/conformance/tinypool.ts')).tinypool,
  workerpool: async () => (await import('../peers/conformance/workerpool.ts')).workerPool,
  poolifier: async () => (await import('../peers/conformance/poolifier.ts')).poolifier,
  'threads.js': async () => (await import('../peers/conformance/threads-js.ts')).threadsJs,
}
