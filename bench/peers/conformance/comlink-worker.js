import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { parentPort } from 'node:worker_threads'
import work from '../../conformance/misbehave.js'

expose(work, nodeEndpoint(parentPort))
