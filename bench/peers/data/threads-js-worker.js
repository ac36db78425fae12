import { Transfer, expose } from 'threads/worker'
import { Observable } from 'threads/observable'
import { columnsOf, objectsOf, ownColumns, source } from '../../contenders/data/candles.js'

expose({
  objects: objectsOf,
  columns: columnsOf,
  moved: (count) => {
    const { columns, buffers } = ownColumns(count)
    return Transfer(columns, buffers)
  },
  rows: (count, size) =>
    new Observable((observer) => {
      for (const rows of source(count, size)) observer.next(rows)
      observer.complete()
    }),
})
