import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Worker } from 'node:worker_threads'
import { resourceLimits } from '../../conformance/library.ts'
import type { Method, Open } from '../../conformance/library.ts'

export const comlink: Open = (options) => {
  const worker = new Worker(new URL('comlink-worker.js', import.meta.url), resourceLimits(options))
  const remote = wrap<Record<Method, (argument: unknown) => unknown>>(nodeEndpoint(worker))
  return { call: (method, argument) => remote[method](argument), end: () => worker.terminate() }
}
