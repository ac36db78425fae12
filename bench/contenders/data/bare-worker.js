import { parentPort } from 'node:worker_threads'
import { columnsOf, objectsOf, ownColumns, source } from './candles.js'

parentPort.on('message', ([id, what, count, size]) => {
  switch (what) {
    case 'objects':
      return parentPort.postMessage([id, objectsOf(count)])
    case 'columns':
      return parentPort.postMessage([id, columnsOf(count)])
    case 'moved': {
      const { columns, buffers } = ownColumns(count)
      return parentPort.postMessage([id, columns], buffers)
    }
    default:
      for (const rows of source(count, size)) parentPort.postMessage([id, rows])
      return parentPort.postMessage([id, undefined])
  }
})
