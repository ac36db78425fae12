import { Worker } from 'node:worker_threads'
import { Arrivals } from './source.ts'
import type { Candle, Columns, DataSource } from './source.ts'

export function bare(): DataSource {
  const worker = new Worker(new URL('bare-worker.js', import.meta.url))
  const waiting = new Map<number, (value: unknown) => void>()
  let lastId = 0
  worker.on('message', ([id, value]: [id: number, value: unknown]) => waiting.get(id)?.(value))
  const ask = (...request: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++lastId
      waiting.set(id, (value) => {
        waiting.delete(id)
        resolve(value)
      })
      worker.postMessage([id, ...request])
    })
  return {
    objects: async (count) => (await ask('objects', count)) as Candle[],
    columns: async (count) => (await ask('columns', count)) as Columns,
    moved: async (count) => (await ask('moved', count)) as Columns,
    rows: (count, size) => {
      const id = ++lastId
      const rows = new Arrivals<Candle | readonly Candle[]>()
      waiting.set(id, (value) => {
        if (value !== undefined) return rows.push(value as Candle)
        waiting.delete(id)
        rows.end()
      })
      worker.postMessage([id, 'rows', count, size])
      return rows
    },
  }
}
