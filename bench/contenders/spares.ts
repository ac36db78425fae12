import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { WaitingCalls } from './callee.ts'
import type work from './work.js'

/** Keeps a thread ready that has not got the module in it; what it returns makes the first call, which needs the module. */
export interface Spare {
  readonly name: string
  readonly prepare: () => Promise<() => Promise<unknown>>
}

const module = new URL('work.js', import.meta.url)
/** ms until a thread that was started has come to rest. */
const settle = 500

export const spares: readonly Spare[] = [
  {
    name: 'spillway',
    prepare: async () => {
      const { ComponentCoordinator } = await import('spillway')
      const coordinator = new ComponentCoordinator({ spareWorkers: 1 })
      const register = (name: string) => coordinator.registerComponent<typeof work>({ name, module })
      // Spares are kept once something was loaded.
      await register('first').pid()
      const second = register('second')
      await sleep(settle)
      return () => second.echo('x')
    },
  },
  {
    name: 'worker',
    prepare: async () => {
      const worker = new Worker(new URL('thread-worker-on-demand.js', import.meta.url))
      const calls = new WaitingCalls()
      worker.on('message', (answer: readonly [id: number, value: unknown]) => calls.answered(answer))
      const call = calls.send((message) => worker.postMessage([module.href, ...message]))
      await sleep(settle)
      return () => call('echo', 'x')
    },
  },
  {
    name: 'piscina',
    prepare: async () => {
      const { Piscina } = await import('piscina')
      const pool = new Piscina({ minThreads: 1, maxThreads: 1 })
      await sleep(settle)
      return () => pool.run('x', { filename: module.href, name: 'echo' })
    },
  },
  {
    name: 'tinypool',
    prepare: async () => {
      const { idleTinypool } = await import('../peers/tinypool.ts')
      const pool = idleTinypool()
      await sleep(settle)
      return () => pool.run('x', { filename: module.href, name: 'echo' })
    },
  },
]
