import workerpool from 'workerpool'
import work from '../../conformance/misbehave.js'

workerpool.worker(work)
