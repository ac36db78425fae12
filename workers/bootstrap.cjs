'use strict'
const { syncBuiltinESMExports } = require('node:module')
const threads = require('node:worker_threads')

/** @typedef {import('../src/host/thread-worker.ts').TaskData} TaskData */

// What a component's thread starts with when it runs from the sources; the package has build/entries/bootstrap.cjs in its place. It is no ES module since
// Node refuses to start one where the program itself was started with --input-type.
const task = /** @type {TaskData} */ (threads.workerData)
threads.workerData = undefined
syncBuiltinESMExports()

const port = /** @type {import('node:worker_threads').MessagePort} */ (/** @type {unknown} */ (task.end))
// Nothing else keeps the thread while it imports.
port.ref()
void import('../src/host/thread-worker.ts').then(({ serveThread }) => {
  const start = () => serveThread(task)
  if (threads.receiveMessageOnPort(port)) start()
  else port.once('message', start)
})
