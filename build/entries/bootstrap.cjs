'use strict'
const comlink = require('comlink')
const { syncBuiltinESMExports } = require('node:module')
const threads = require('node:worker_threads')
const { core } = require('../src/runtime/load.cjs')

/** @typedef {import('../../src/host/thread-worker.ts').OwnCode} OwnCode */
/** @typedef {import('../../src/host/thread-worker.ts').ThreadData} ThreadData */

// What every component's thread starts with. Components that import comlink get the same one: Node knows only one form of it.
//
// What the thread gets comes on a port of its own. parentPort and workerData are the component's, and a preload's, and are as they are in a thread that
// was given nothing.
const given = /** @type {ThreadData} */ (threads.workerData)
threads.workerData = undefined
syncBuiltinESMExports()

function start(/** @type {OwnCode} */ { compiled }) {
  core(comlink, Function, compiled).serveThread(given)
}

const port = /** @type {import('node:worker_threads').MessagePort} */ (/** @type {unknown} */ (given.end))
// Nearly always it is there already, and nothing need be set up to wait for it.
const posted = threads.receiveMessageOnPort(port)
if (posted) start(posted.message)
else port.once('message', start)
