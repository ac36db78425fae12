'use strict'
const { syncBuiltinESMExports } = require('node:module')
const threads = require('node:worker_threads')

/** @typedef {import('../src/host/thread-worker.ts').ThreadData} ThreadData */

// What a component's thread starts with when it runs from the sources; the package has build/entries/bootstrap.cjs in its place. It is no ES module since
// Node refuses to start one where the program itself was started with --input-type.
const given = /** @type {ThreadData} */ (threads.workerData)
threads.workerData = undefined
syncBuiltinESMExports()

const port = /** @type {import('node:worker_threads').MessagePort} */ (/** @type {unknown} */ (given.end))
// Nothing else keeps the thread while it imports.
port.ref()
void import('../src/host/thread-worker.ts').then(({ serveThread }) => {
  const start = () => serveThread(given)
  if (threads.receiveMessageOnPort(port)) start()
  else port.once('message', start)
})
