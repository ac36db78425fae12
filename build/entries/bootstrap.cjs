'use strict'
const comlink = require('comlink')
const { parentPort, receiveMessageOnPort } = require('node:worker_threads')
const { core } = require('../src/runtime/load.cjs')

/** @typedef {import('../../src/host/thread-worker.ts').TaskData} TaskData */

/** What every component's thread starts with. Components that import comlink get the same one: Node knows only one form of it. */
function start(/** @type {TaskData} */ task) {
  core(comlink, Function, task.compiled).serveThread(task)
}

// Nearly always it is there already, and nothing need be set up to wait for it.
const posted = receiveMessageOnPort(parentPort)
if (posted) start(posted.message)
else parentPort.once('message', start)
