'use strict'
const { core } = require('../src/runtime/load.cjs')

// What every component's thread starts with. Piscina requires it: nothing in it may be an ES module, since Node 26.10 aborts the whole process when a
// worker is ended just as the require() of one comes to its end ("Assertion failed: facade->InstantiateModule").
module.exports = async ({ compiled, ...task }) => core(await import('comlink'), Function, compiled).serveThread(task)
