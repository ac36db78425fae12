import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

const { port } = workerData as { port: MessagePort }
expose({ echo: (value: unknown): unknown => value }, nodeEndpoint(port))
