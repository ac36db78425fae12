import { parentPort } from 'node:worker_threads'
import work from './work.js'

parentPort.on('message', ([id, method, argument]) => parentPort.postMessage([id, work[method](argument)]))
