/** The workers of this process by thread, as Node tells of them. */
import type { Worker } from 'node:worker_threads'

const alive = new Map<number, Worker>()

process.on('worker', (worker: Worker) => {
  const { threadId } = worker
  alive.set(threadId, worker)
  worker.once('exit', () => alive.delete(threadId))
})

export const liveWorker = (thread: number): Worker | undefined => alive.get(thread)
export const liveWorkers = (): number => alive.size
