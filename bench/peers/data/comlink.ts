import { releaseProxy, wrap } from 'comlink'
import type { ProxyMarked } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Worker } from 'node:worker_threads'
import type { Candle, Columns, DataSource } from '../../contenders/data/source.ts'

interface Api {
  objects(count: number): Candle[]
  columns(count: number): Columns
  moved(count: number): Columns
  rows(count: number, size: number): Rows & ProxyMarked
}

interface Rows {
  next(): IteratorResult<Candle | readonly Candle[]>
}

export function comlink(): DataSource {
  const worker = new Worker(new URL('comlink-worker.js', import.meta.url))
  const remote = wrap<Api>(nodeEndpoint(worker))
  return {
    objects: (count) => remote.objects(count),
    columns: (count) => remote.columns(count),
    moved: (count) => remote.moved(count),
    // Iterators do not travel, but what is behind a proxy can be asked for the next.
    rows: async function* (count, size) {
      const rows = await remote.rows(count, size)
      for (;;) {
        const result = await rows.next()
        if (result.done) break
        yield result.value
      }
      rows[releaseProxy]()
    },
  }
}
