import { parentPort } from 'node:worker_threads'
import { work } from './component.js'

parentPort.on('message', (id) => parentPort.postMessage([id, work()]))
