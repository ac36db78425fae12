import { Worker } from 'node:worker_threads'
import { ComponentCoordinator } from 'spillway'
import { LazyHistoricalDataService } from 'spillway/services'
import type { Candles } from 'spillway/services'
import { openService } from './open-service.ts'
import type { OpenReader } from './reader.ts'

/** In the main thread. */
export const direct: OpenReader = async (path) => {
  const service = await openService(path)
  return { read: (query) => service.getHistoricalData(...query), clearCache: async () => service.clearCache() }
}

/** In a bare worker, which moves its columns as well: what of the difference is the way between two threads, whoever goes it. */
export const worker: OpenReader = async (path) => {
  const thread = new Worker(new URL('service-worker.ts', import.meta.url), { workerData: path })
  const waiting = new Map<number, (value: unknown) => void>()
  let lastId = 0
  thread.on('message', ([id, value]: readonly [number, unknown]) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve)
      thread.postMessage([lastId, method, args])
    })
  return {
    read: async (query) => (await call('getHistoricalData', query)) as Candles,
    clearCache: async () => void (await call('clearCache', [])),
  }
}

export const spillway: OpenReader = async (path) => {
  const service = new LazyHistoricalDataService(new ComponentCoordinator({ spareWorkers: 0 }), { path })
  return { read: (query) => service.getHistoricalData(...query), clearCache: () => service.clearCache() }
}
