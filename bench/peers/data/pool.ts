import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { Arrivals } from '../../contenders/data/source.ts'
import type { Candle, Columns, DataSource } from '../../contenders/data/source.ts'

type Run = (task: unknown, name: string, transferList: MessagePort[]) => Promise<unknown>

/** Piscina's and tinypool's tasks answer once; what is a stream goes through a port that is given to one. */
function dataOf(run: Run): DataSource {
  return {
    objects: async (count) => (await run(count, 'objects', [])) as Candle[],
    columns: async (count) => (await run(count, 'columns', [])) as Columns,
    moved: async (count) => (await run(count, 'moved', [])) as Columns,
    rows: async function* (count, size) {
      const { port1, port2 } = new MessageChannel()
      const rows = new Arrivals<Candle | readonly Candle[]>()
      // Not told by the port's end: their worker sleeps in Atomics.wait when its task is done, and closes nothing.
      port1.on('message', (value: Candle | null) => (value === null ? rows.end() : rows.push(value)))
      const task = run({ port: port2, count, size }, 'rows', [port2])
      yield* rows
      await task
      port1.close()
    },
  }
}

export async function piscina(): Promise<DataSource> {
  const { Piscina } = await import('piscina')
  const filename = new URL('piscina-worker.js', import.meta.url).href
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1 })
  // Its type of the list is taken from the wrong one of postMessage's signatures.
  return dataOf((task, name, transferList) => pool.run(task, { name, transferList: transferList as never }))
}

export async function tinypool(): Promise<DataSource> {
  const { Tinypool } = await import('tinypool')
  const filename = new URL('tinypool-worker.js', import.meta.url).href
  const pool = new Tinypool({ filename, minThreads: 1, maxThreads: 1 })
  return dataOf((task, name, transferList) => pool.run(task, { name, transferList }))
}
