import { ThreadWorker } from 'poolifier'
import { columnsOf, objectsOf } from '../../contenders/data/candles.js'

export default new ThreadWorker({ objects: objectsOf, columns: columnsOf })
