// Of Piscina and tinypool: how results are moved is what they differ in.
import { columnsOf, objectsOf, ownColumns, source } from '../../contenders/data/candles.js'

export const objects = objectsOf
export const columns = columnsOf

/** @param {{ port: import('node:worker_threads').MessagePort, count: number, size: number }} task */
export function rows({ port, count, size }) {
  for (const rows of source(count, size)) port.postMessage(rows)
  port.postMessage(null)
}

/** @param {{ move: Function, transferableSymbol: symbol, valueSymbol: symbol }} library */
export function movedBy({ move, transferableSymbol, valueSymbol }) {
  return (count) => {
    const { columns, buffers } = ownColumns(count)
    return move({ [transferableSymbol]: buffers, [valueSymbol]: columns })
  }
}
