import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { parentPort } from 'node:worker_threads'
import work from '../contenders/work.js'

expose(work, nodeEndpoint(parentPort))
