import { parentPort } from 'node:worker_threads'
import work from './misbehave.js'

// A rejection is handled by nobody, which ends the worker, with an `error` event outside.
const answer = async ([id, method, argument]) => parentPort.postMessage([id, await work[method](argument)])

parentPort.on('message', (message) => void answer(message))
