'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

// The modules that workers have in common with those who start them, once in each thread: whatever imports one of them gets it from here.
//
// They are compiled as a script, not required, since only of a script V8 gives out what it has compiled, which spares the next thread most of that work.

/**
 * What V8 has compiled, and of what: a file that is replaced meanwhile by one of the same length would be taken for the same.
 * @typedef {{ source: Uint8Array, code: Uint8Array }} Compiled
 */

/** By realm and by the file's name: what it exports. Test runners give each file a realm of its own, whose errors are to be its own. */
const exported = new Map()
/** Of this thread's own realm, by the file's name. @type {Map<string, { script: Script, wrapped: string }>} */
const scripts = new Map()

const fileOf = (/** @type {string} */ name) => join(__dirname, `${name}.cjs`)
// They are ASCII, which is read much faster as this.
const sourceOf = (/** @type {string} */ name) => readFileSync(fileOf(name), 'latin1')

const wrap = (/** @type {string} */ source) => `(function (exports, require, importModule) {${source}\n})`

/** @param {string} name @param {Compiled} [compiled] by another thread of this process */
function scriptOf(name, compiled) {
  const known = scripts.get(name)
  if (known) return known
  // As it is, not put together: each thread keeps it, and would keep the parts as well.
  const wrapped = compiled ? Buffer.from(compiled.source.buffer).toString('latin1') : wrap(sourceOf(name))
  const options = Object.assign(Object.create(null), { filename: fileOf(name), cachedData: compiled?.code })
  const made = { script: new Script(wrapped, options), wrapped }
  scripts.set(name, made)
  return made
}

/**
 * @param {string} name of the file, without its ending
 * @param {FunctionConstructor} realm that of who asks
 * @param {Record<string, unknown>} given what it gets instead of requiring it
 * @param {Compiled} [compiled] by another thread of this process
 */
function load(name, realm, given, compiled) {
  let ofRealm = exported.get(realm)
  if (!ofRealm) exported.set(realm, (ofRealm = new Map()))
  let exports = ofRealm.get(name)
  if (!exports) {
    ofRealm.set(name, (exports = {}))
    const take = (/** @type {string} */ id) => given[id] ?? require(id)
    // A script cannot import by itself without a warning.
    const importModule = (/** @type {string} */ specifier) => import(specifier)
    const run =
      realm === Function
        ? scriptOf(name, compiled).script.runInThisContext()
        : realm('exports', 'require', 'importModule', `${sourceOf(name)}\n//# sourceURL=${fileOf(name)}`)
    run(exports, take, importModule)
  }
  return exports
}

/** @param {object} comlink the instance that components import @param {FunctionConstructor} [realm] @param {Compiled} [compiled] */
const core = (comlink, realm = Function, compiled) => load('core', realm, { comlink }, compiled)

/** @param {object} comlink @param {FunctionConstructor} [realm] */
const processPart = (comlink, realm = Function) =>
  load('process', realm, { comlink, 'spillway:core': core(comlink, realm) })

/** What V8 has compiled of the core in this thread, for others to share. */
function compiledCore() {
  const { script, wrapped } = scriptOf('core')
  return { source: shared(Buffer.from(wrapped, 'latin1')), code: shared(script.createCachedData()) }
}

/** @param {Uint8Array} bytes */
function shared(bytes) {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}

module.exports = { core, process: processPart, compiledCore }
