import { ThreadWorker } from 'poolifier'
import work from '../contenders/work.js'

export default new ThreadWorker({ ...work })
