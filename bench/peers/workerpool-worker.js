import workerpool from 'workerpool'
import work from '../contenders/work.js'

workerpool.worker(work)
