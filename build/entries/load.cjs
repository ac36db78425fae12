'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

// The modules that workers have in common with those who start them, once in each thread: whatever imports one of them gets it from here.
//
// They are compiled as a script, not required, since only of a script V8 gives out what it has compiled, which spares the next thread most of that work.

/** By the file's name: its script, and what it exports. */
const loaded = new Map()

/**
 * @param {string} name of the file, without its ending
 * @param {Record<string, unknown>} given what it gets instead of requiring it
 * @param {Uint8Array} [compiled] by another thread of this process
 */
function load(name, given, compiled) {
  let file = loaded.get(name)
  if (!file) {
    const filename = join(__dirname, `${name}.cjs`)
    // It is ASCII, which is read much faster as this.
    const source = readFileSync(filename, 'latin1')
    const script = new Script(`(function (exports, require, importModule) {${source}\n})`, {
      filename,
      ...(compiled && { cachedData: compiled }),
    })
    file = { script, exports: {} }
    loaded.set(name, file)
    const take = (/** @type {string} */ id) => given[id] ?? require(id)
    // A script cannot import by itself without a warning.
    const importModule = (/** @type {string} */ specifier) => import(specifier)
    script.runInThisContext()(file.exports, take, importModule)
  }
  return file.exports
}

/** @param {object} comlink the instance that components import @param {Uint8Array} [compiled] */
const core = (comlink, compiled) => load('core', { comlink }, compiled)

/** @param {object} comlink */
const processPart = (comlink) => load('process', { comlink, 'spillway:core': core(comlink) })

/** What V8 has compiled of the core in this thread, for others to share. */
function compiledCore() {
  const data = loaded.get('core').script.createCachedData()
  const shared = new Uint8Array(new SharedArrayBuffer(data.length))
  shared.set(data)
  return shared
}

module.exports = { core, process: processPart, compiledCore }
