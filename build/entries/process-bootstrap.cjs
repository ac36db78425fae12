'use strict'
const comlink = require('comlink')
const load = require('../src/runtime/load.cjs')

// What every component's process starts with.
load.process(comlink).serveProcess()
