import { expose, proxy, transfer } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { parentPort } from 'node:worker_threads'
import { columnsOf, objectsOf, ownColumns, source } from '../../contenders/data/candles.js'

expose(
  {
    objects: objectsOf,
    columns: columnsOf,
    moved: (count) => {
      const { columns, buffers } = ownColumns(count)
      return transfer(columns, buffers)
    },
    rows: (count, size) => proxy(source(count, size)),
  },
  nodeEndpoint(parentPort),
)
