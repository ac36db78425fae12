import { wrap } from 'comlink'
import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type work from '../work.js'
import { answerMeasurements } from './measure.ts'

const { port } = workerData as { port: MessagePort }
const back = wrap<typeof work>(nodeEndpoint(port))
answerMeasurements((value) => back.echo(value))
