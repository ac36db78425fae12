'use strict'
const load = require('../src/runtime/load.cjs')

// What every component's process starts with.
void import('comlink').then((comlink) => load.process(comlink).serveProcess())
