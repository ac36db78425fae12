import { parentPort } from 'node:worker_threads'

/** Imports the module that a call names. */
async function answer([module, id, method, argument]) {
  const { default: work } = await import(module)
  parentPort.postMessage([id, work[method](argument)])
}

parentPort.on('message', (message) => void answer(message))
