import { transfer } from 'spillway/worker'
import { columnsOf, objectsOf, ownColumns, source } from './candles.js'

export default {
  objects: objectsOf,
  columns: columnsOf,
  moved: (count) => {
    const { columns, buffers } = ownColumns(count)
    return transfer(columns, buffers)
  },
  async *rows(count, size) {
    yield* source(count, size)
  },
}
