import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Worker } from 'node:worker_threads'
import type { Method, Start } from '../contenders/callee.ts'

export const comlink: Start = () => {
  const worker = new Worker(new URL('comlink-worker.js', import.meta.url))
  const remote = wrap<Record<Method, (argument: unknown) => unknown>>(nodeEndpoint(worker))
  return { call: (method, argument) => remote[method](argument), end: () => worker.terminate() }
}
