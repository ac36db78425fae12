import { expose } from 'threads/worker'
import work from '../../conformance/misbehave.js'

expose(work)
