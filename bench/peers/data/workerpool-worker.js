import workerpool from 'workerpool'
import { columnsOf, objectsOf, ownColumns, source } from '../../contenders/data/candles.js'

workerpool.worker({
  objects: objectsOf,
  columns: columnsOf,
  moved: (count) => {
    const { columns, buffers } = ownColumns(count)
    return new workerpool.Transfer(columns, buffers)
  },
  rows: (count, size) => {
    for (const rows of source(count, size)) workerpool.workerEmit(rows)
  },
})
