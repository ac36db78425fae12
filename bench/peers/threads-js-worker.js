import { expose } from 'threads/worker'
import work from '../contenders/work.js'

expose(work)
