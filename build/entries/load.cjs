'use strict'
// Not required: a bundler that makes an ES module of this leaves nothing to require with.
const { readFileSync } = process.getBuiltinModule('node:fs')
const { dirname, join } = process.getBuiltinModule('node:path')
const { Script } = process.getBuiltinModule('node:vm')

// The modules that workers have in common with those who start them, once in each thread: whatever imports one of them gets it from here.
//
// They are compiled as a script, not required, since only of a script V8 gives out what it has compiled, which spares the next thread most of that work.
//
// This file may be in somebody's bundle. Then the scripts are in it too, as text, which no bundler changes; and whichever copy of this file is asked first in a
// thread has them for all: a component that is a bundle runs on what its worker runs on.

/** Of this build, and no other. */
const build = 'sources'
/** Its versions' parts, by build. In the realm's global object, where each copy of this file finds it. */
const key = Symbol.for('spillway.parts')

/** Only Node's own modules know their file. */
const folder = module.filename ? dirname(module.filename) : undefined
/** @type {Record<string, () => string>} */
const texts = { core: () => require('./core.text.cjs'), process: () => require('./process.text.cjs') }
/** What parts import when they need it, by their specifier; of those that are files, only in a bundle which has them (spillway-worker.js). */
const imported = new Map()

/**
 * What V8 has compiled, and of what: a file that is replaced meanwhile by one of the same length would be taken for the same.
 * @typedef {{ source: Uint8Array, code: Uint8Array }} Compiled
 */

/** By realm, and by the part's name: what it exports. Test runners give each file a realm of its own, whose errors are to be its own. */
const exported = new Map()
/** Of this thread's own realm, by the file's name. @type {Map<string, { script: Script, wrapped: string }>} */
const scripts = new Map()

const fileOf = (/** @type {string} */ name) => join(folder ?? 'spillway', `${name}.cjs`)
// They are ASCII, which is read much faster as this.
const sourceOf = (/** @type {string} */ name) => (folder ? readFileSync(fileOf(name), 'latin1') : texts[name]())

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
  if (!ofRealm) exported.set(realm, (ofRealm = partsOf(realm)))
  let exports = ofRealm.get(name)
  if (!exports) {
    ofRealm.set(name, (exports = {}))
    const take = (/** @type {string} */ id) => given[id] ?? process.getBuiltinModule(id)
    // A script cannot import by itself without a warning.
    const importModule = (/** @type {string} */ specifier) =>
      imported.get(specifier)?.() ?? import(/* webpackIgnore: true */ specifier)
    const run =
      realm === Function
        ? scriptOf(name, compiled).script.runInThisContext()
        : realm('exports', 'require', 'importModule', `${sourceOf(name)}\n//# sourceURL=${fileOf(name)}`)
    run(exports, take, importModule)
  }
  return exports
}

/** @param {FunctionConstructor} realm @returns {Map<string, object>} */
function partsOf(realm) {
  const global = realm === Function ? globalThis : realm('return globalThis')()
  const builds = global[key] ?? new Map()
  if (!builds.has(build) && builds.size > 0) {
    process.emitWarning(
      `Two versions of Spillway are in one thread, ${[...builds.keys(), build].join(' and ')}. What one of them makes means nothing to the other: its errors, callSignal(), proxy(), transfer(). Make all bundles with the version that is installed.`,
    )
  }
  // Where nothing can be added, each copy has its own.
  Reflect.defineProperty(global, key, { value: builds })
  if (!builds.has(build)) builds.set(build, new Map())
  return builds.get(build)
}

/** @param {object} comlink the instance that components import @param {FunctionConstructor} [realm] @param {Compiled} [compiled] */
const core = (comlink, realm = Function, compiled) => load('core', realm, { comlink }, compiled)

/** @param {object} comlink @param {FunctionConstructor} [realm] */
const processPart = (comlink, realm = Function) =>
  load('process', realm, { comlink, 'spillway:core': core(comlink, realm) })

/** What is files of its own in the package, and is in the one file that is copied. @param {object} comlink */
const more = (comlink) =>
  load('more', Function, { comlink, 'spillway:core': core(comlink), 'spillway:process': processPart(comlink) })

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

module.exports = { core, process: processPart, more, compiledCore, imported, texts }
