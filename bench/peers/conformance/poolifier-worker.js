import { ThreadWorker } from 'poolifier'
import work from '../../conformance/misbehave.js'

export default new ThreadWorker({ ...work })
