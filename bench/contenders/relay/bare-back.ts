import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Method } from '../callee.ts'
import work from '../work.js'

const { port } = workerData as { port: MessagePort }
port.on('message', ([id, method, argument]: [number, Method, never]) => port.postMessage([id, work[method](argument)]))
