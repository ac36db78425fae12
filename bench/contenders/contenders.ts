import type { Contender, Round, Setup } from '../harness/suite.ts'
import type { Start } from './callee.ts'

/** A way to have `work.js` run somewhere else. */
export interface Peer {
  readonly name: string
  /** Only here its code is imported: each is measured in a process that has nothing of the others. */
  readonly load: () => Promise<Start>
}

// Ours first, then what has no library, then the libraries.
export const threads: readonly Peer[] = [
  { name: 'spillway', load: async () => (await import('./spillway.ts')).spillway('thread') },
  { name: 'worker', load: async () => (await import('./bare.ts')).bareWorker },
  { name: 'comlink', load: async () => (await import('../peers/comlink.ts')).comlink },
  { name: 'piscina', load: async () => (await import('../peers/piscina.ts')).piscina },
  { name: 'tinypool', load: async () => (await import('../peers/tinypool.ts')).tinypool('worker_threads') },
  { name: 'workerpool', load: async () => (await import('../peers/workerpool.ts')).workerPool('thread') },
  { name: 'poolifier', load: async () => (await import('../peers/poolifier.ts')).poolifier },
  { name: 'threads.js', load: async () => (await import('../peers/threads-js.ts')).threadsJs },
]

export const processes: readonly Peer[] = [
  { name: 'spillway', load: async () => (await import('./spillway.ts')).spillway('process') },
  { name: 'fork json', load: async () => (await import('./bare.ts')).bareFork('json') },
  { name: 'fork advanced', load: async () => (await import('./bare.ts')).bareFork('advanced') },
  { name: 'tinypool', load: async () => (await import('../peers/tinypool.ts')).tinypool('child_process') },
  { name: 'workerpool', load: async () => (await import('../peers/workerpool.ts')).workerPool('process') },
]

/** A contender for each peer that is measured the same way. */
export function contendersOf(
  peers: readonly Peer[],
  measure: (start: Start, setup: Setup) => Promise<Round>,
): Contender[] {
  return peers.map(({ name, load }) => ({ name, measure: async (setup) => measure(await load(), setup) }))
}
