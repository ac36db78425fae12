'use strict'
// A worker's start step by step, as the package goes through it, with the time of each step (ms).
const { parentPort, workerData } = require('node:worker_threads')

const steps = {}
let before = performance.now()
function step(name) {
  const now = performance.now()
  steps[name] = now - before
  before = now
}

async function start() {
  const { readFileSync } = require('node:fs')
  const { Script } = require('node:vm')
  step("Node's vm")
  const comlink = require('comlink')
  step('comlink')
  const { compiled } = workerData
  const source = compiled
    ? Buffer.from(compiled.source.buffer).toString('latin1')
    : `(function (exports, require, importModule) {${readFileSync(workerData.file, 'latin1')}\n})`
  step('reading')
  const script = new Script(source, {
    filename: workerData.file,
    cachedData: compiled?.code,
  })
  step('compiling')
  script.runInThisContext()(
    {},
    (id) => (id === 'comlink' ? comlink : require(id)),
    (specifier) => import(specifier),
  )
  step('running')
  await import(workerData.component)
  step("the component's import")
  parentPort.postMessage({ steps, rejected: script.cachedDataRejected, used: process.threadCpuUsage() })
}

void start()
