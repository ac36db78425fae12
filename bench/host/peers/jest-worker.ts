import { Worker } from 'jest-worker'
import { fileURLToPath } from 'node:url'
import type { Start } from '../contender.ts'

export const jestWorker =
  (isolation: 'thread' | 'process'): Start =>
  () => {
    const farm = new Worker(fileURLToPath(new URL('../work.js', import.meta.url)), {
      numWorkers: 1,
      enableWorkerThreads: isolation === 'thread',
      exposedMethods: ['echo', 'lengthOf', 'hold', 'pid'],
    })
    return { call: (method, argument) => farm[method](argument), end: () => farm.end() }
  }
