import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { Arrivals } from '../../contenders/data/source.ts'
import type { Candle, Columns, DataSource } from '../../contenders/data/source.ts'

export function workerPool(): DataSource {
  const script = fileURLToPath(new URL('workerpool-worker.js', import.meta.url))
  const pool = workerpool.pool(script, { workerType: 'thread', minWorkers: 1, maxWorkers: 1 })
  return {
    objects: async (count) => (await pool.exec('objects', [count])) as Candle[],
    columns: async (count) => (await pool.exec('columns', [count])) as Columns,
    moved: async (count) => (await pool.exec('moved', [count])) as Columns,
    // Events of a task, which nobody holds back.
    rows: async function* (count, size) {
      const rows = new Arrivals<Candle | readonly Candle[]>()
      const task = pool.exec('rows', [count, size], { on: (value) => rows.push(value as Candle) })
      void task.then(() => rows.end())
      yield* rows
    },
  }
}
