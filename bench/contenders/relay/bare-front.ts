import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { WaitingCalls } from '../callee.ts'
import { answerMeasurements } from './measure.ts'

const { port } = workerData as { port: MessagePort }
const calls = new WaitingCalls()
const call = calls.send((message) => port.postMessage(message))
port.on('message', (answer: readonly [id: number, value: unknown]) => calls.answered(answer))
answerMeasurements((value) => call('echo', value))
