import { expose } from 'comlink'
import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import work from '../work.js'

expose(work, nodeEndpoint((workerData as { port: MessagePort }).port))
