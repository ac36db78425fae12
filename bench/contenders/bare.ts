import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { WaitingCalls } from './callee.ts'
import type { Start } from './callee.ts'

type Answer = readonly [id: number, value: unknown]

/** No library, no account of anything: what the others cost on top of this is their own. */
export const bareWorker: Start = () => {
  const worker = new Worker(new URL('thread-worker.js', import.meta.url))
  const calls = new WaitingCalls()
  worker.on('message', (answer: Answer) => calls.answered(answer))
  return { call: calls.send((message) => worker.postMessage(message)), end: () => worker.terminate() }
}

export const bareFork =
  (serialization: 'json' | 'advanced'): Start =>
  () => {
    const child = fork(fileURLToPath(new URL('fork-worker.js', import.meta.url)), { serialization })
    const calls = new WaitingCalls()
    child.on('message', (answer) => calls.answered(answer as unknown as Answer))
    return {
      call: calls.send((message) => child.send(message)),
      end: async () => {
        child.kill()
        await once(child, 'exit')
      },
    }
  }
