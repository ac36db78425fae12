'use strict'
const { parentPort } = require('node:worker_threads')

// What a component's thread starts with when it runs from the sources; the package has build/entries/bootstrap.cjs in its place. It is no ES module since
// Node refuses to start one where the program itself was started with --input-type.
const threadWorker = import('../src/host/thread-worker.ts')
parentPort?.once('message', (/** @type {import('../src/host/thread-worker.ts').TaskData} */ task) => {
  void threadWorker.then(({ serveThread }) => serveThread(task))
})
