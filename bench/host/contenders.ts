import type { Start } from './contender.ts'

export interface Entry {
  readonly name: string
  readonly isolation: 'thread' | 'process'
  /** Only here its code is imported: each is measured in a process that has nothing of the others. */
  readonly load: () => Promise<Start>
}

/** Column by column; ours first, then what has no library, then the libraries. */
export const contenders: readonly Entry[] = [
  entry('spillway thread', async () => (await import('./spillway.ts')).spillway('thread')),
  entry('worker thread', async () => (await import('./bare.ts')).bareWorker),
  entry('piscina thread', async () => (await import('./piscina.ts')).piscina),
  entry('tinypool thread', async () => (await import('./peers/tinypool.ts')).tinypool('worker_threads')),
  entry('workerpool thread', async () => (await import('./peers/workerpool.ts')).workerPool('thread')),
  entry('jest-worker thread', async () => (await import('./peers/jest-worker.ts')).jestWorker('thread')),
  entry('spillway process', async () => (await import('./spillway.ts')).spillway('process')),
  entry('fork json process', async () => (await import('./bare.ts')).bareFork('json')),
  entry('fork advanced process', async () => (await import('./bare.ts')).bareFork('advanced')),
  entry('tinypool process', async () => (await import('./peers/tinypool.ts')).tinypool('child_process')),
  entry('workerpool process', async () => (await import('./peers/workerpool.ts')).workerPool('process')),
  entry('jest-worker process', async () => (await import('./peers/jest-worker.ts')).jestWorker('process')),
]

function entry(name: string, load: () => Promise<Start>): Entry {
  return { name, isolation: name.endsWith('process') ? 'process' : 'thread', load }
}
