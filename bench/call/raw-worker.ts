import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

const { port } = workerData as { port: MessagePort }
port.on('message', ([id, value]: [id: number, value: unknown]) => port.postMessage([id, value]))
