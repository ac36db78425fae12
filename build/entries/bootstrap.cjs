'use strict'
const { parentPort } = require('node:worker_threads')
const { core } = require('../src/runtime/load.cjs')

// What every component's thread starts with.
const comlink = import('comlink')
parentPort?.once('message', (/** @type {import('../../src/host/thread-worker.ts').TaskData} */ task) => {
  void comlink.then((instance) => core(instance, Function, task.compiled).serveThread(task))
})
