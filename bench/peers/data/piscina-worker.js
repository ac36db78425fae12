import { move, transferableSymbol, valueSymbol } from 'piscina'
import { movedBy } from './pool-worker.js'

export { columns, objects, rows } from './pool-worker.js'
export const moved = movedBy({ move, transferableSymbol, valueSymbol })
