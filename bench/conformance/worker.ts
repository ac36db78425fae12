import { Worker } from 'node:worker_threads'
import { resourceLimits } from './library.ts'
import type { Open } from './library.ts'

/** As in the example of Node's documentation: `message` resolves, `error` and an exit with a code other than 0 reject. */
export const worker: Open = (options) => {
  const thread = new Worker(new URL('thread-worker.js', import.meta.url), resourceLimits(options))
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  thread.on('message', ([id, value]: [number, unknown]) => waiting.get(id)?.resolve(value))
  thread.on('error', (error) => waiting.forEach(({ reject }) => reject(error)))
  thread.on('exit', (code) => {
    if (code !== 0) waiting.forEach(({ reject }) => reject(new Error(`Worker stopped with exit code ${code}`)))
  })
  return {
    call: (method, argument) => {
      const answer = Promise.withResolvers<unknown>()
      waiting.set(++lastId, answer)
      thread.postMessage([lastId, method, argument])
      return answer.promise
    },
    end: () => thread.terminate(),
  }
}
