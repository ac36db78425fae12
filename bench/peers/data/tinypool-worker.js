import { Tinypool } from 'tinypool'
import { movedBy } from './pool-worker.js'

export { columns, objects, rows } from './pool-worker.js'
export const moved = movedBy(Tinypool)
