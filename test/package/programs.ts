/** Programs that show whether what a component imports is what its worker runs on: each thing here fails when there are two of it. */

/** What the component of each such program offers; `Celsius` and `QuotaError` are there, and `let moved`. */
export const offered = `  refuse() {
    throw new spillway.InvalidOptionsError('mine', 'something else', 1)
  },
  exhaust() {
    throw new QuotaError('no more')
  },
  forever: () => new Promise((_, reject) => spillway.callSignal().addEventListener('abort', () => reject(new Error('aborted')))),
  move() {
    moved = new Uint8Array(1_000)
    return spillway.transfer(moved, [moved.buffer])
  },
  left: () => moved.byteLength,
  async callBack(callback) {
    return await callback('hello') + 1
  },
  counter() {
    let count = 0
    return spillway.proxy({ next: () => ++count })
  },
  warmer: (value) => new Celsius(value.degrees + 1),
  async lock() {
    using lease = await locks.acquire('one')
    return lease.held
  },
  async *rows(count) {
    for (let row = 0; row < count; row++) yield row
  },
`

/** What is asked of it. */
export const asking = `result.judged = await remote.judge()
result.options = await remote.options()
const aborter = new AbortController()
const waiting = thrown(withCallOptions(remote, { signal: aborter.signal }).forever())
aborter.abort(new Error('enough'))
result.aborted = (await waiting).message
result.moved = [(await remote.move()).length, await remote.left()]
result.callback = await remote.callBack(proxy(async (text) => text.length))
const counter = await remote.counter()
result.counter = [await counter.next(), await counter.next()]
const warmer = await remote.warmer(new Celsius(20))
result.warmer = [warmer instanceof Celsius, warmer.degrees]
result.lock = await remote.lock()
result.rows = await Array.fromAsync(await remote.rows(3))
`

const component = `
class QuotaError extends spillway.SpillwayError {
  code = 'ERR_QUOTA'
}
spillway.registerErrorClass('ERR_QUOTA', QuotaError)

class Celsius {
  constructor(degrees) {
    this.degrees = degrees
  }
}
spillway.transferHandlers.set('celsius', {
  canHandle: (value) => value instanceof Celsius,
  serialize: (value) => [value.degrees, []],
  deserialize: (degrees) => new Celsius(degrees),
})
let moved

const made = spillway.defineComponent((config, { dependencies: { peer }, locks, logger }) => ({
  async same() {
    const [all, stock, worker] = await Promise.all([import('spillway'), import('comlink'), import('spillway/worker')])
    const names = Object.keys(worker).filter((name) => name in all)
    return {
      differing: names.filter((name) => all[name] !== spillway[name] || worker[name] !== spillway[name]),
      stock: ['proxy', 'transfer', 'transferHandlers'].filter((name) => stock[name] !== spillway[name]),
    }
  },
  // Errors of another component arrive as what this one knows.
  async judge() {
    const kinds = []
    for (const method of ['refuse', 'exhaust']) {
      await peer[method]().catch((error) => kinds.push(error instanceof spillway.InvalidOptionsError, error instanceof QuotaError, error instanceof spillway.SpillwayError))
    }
    return kinds
  },
  async options() {
    const all = await import('spillway')
    const outcomes = []
    for (const { withCallOptions, isCallTimeoutError } of [spillway, all]) {
      await withCallOptions(peer, { timeout: 50 }).forever().catch((error) => outcomes.push(isCallTimeoutError(error)))
    }
    return outcomes
  },
${offered}}))
`

/** By file. What the main program prints is JSON. */
export const files: Readonly<Record<string, string>> = {
  'one-runtime.mjs': `import * as spillway from 'spillway/worker'\n${component}\nexport default made\n`,
  'one-runtime.cjs': `const spillway = require('spillway/worker')\n${component}\nmodule.exports = made\n`,
  // As compilers make it of an ES module.
  'one-runtime.compiled.cjs': `Object.defineProperty(exports, '__esModule', { value: true })\nconst spillway = require('spillway/worker')\n${component}\nexports.default = made\n`,
  'one-runtime-main.mjs': `
import { ComponentCoordinator, InvalidOptionsError, SpillwayError, proxy, registerErrorClass, transferHandlers, withCallOptions } from 'spillway'
import { InvalidOptionsError as same } from 'spillway/worker'

class QuotaError extends SpillwayError {
  code = 'ERR_QUOTA'
}
registerErrorClass('ERR_QUOTA', QuotaError)
class Celsius {
  constructor(degrees) {
    this.degrees = degrees
  }
}
transferHandlers.set('celsius', {
  canHandle: (value) => value instanceof Celsius,
  serialize: (value) => [value.degrees, []],
  deserialize: (degrees) => new Celsius(degrees),
})

const thrown = (call) => call.then(() => undefined, (error) => error)

async function tryAll(file, isolation) {
  await using coordinator = new ComponentCoordinator()
  const module = new URL(file, import.meta.url)
  coordinator.registerComponent({ name: 'peer', module, isolation })
  const remote = coordinator.registerComponent({ name: 'one', module, isolation, dependencies: ['peer'] })
  const result = { same: await remote.same() }
  const refused = await thrown(remote.refuse())
  const exhausted = await thrown(remote.exhaust())
  result.errors = [refused instanceof InvalidOptionsError, refused instanceof same, refused.stack.includes('one-runtime'), exhausted instanceof QuotaError, exhausted.name]
${asking}  return result
}

const results = {}
for (const file of process.argv.slice(2)) results[file] = { thread: await tryAll(file, 'thread'), process: await tryAll(file, 'process') }
console.log(JSON.stringify(results))
`,
}

/** @param copies between processes buffers are copied. */
export const expected = (copies: boolean): object => ({
  same: { differing: [], stock: [] },
  errors: [true, true, true, true, 'QuotaError'],
  judged: [true, false, true, false, true, true],
  options: [true, true],
  aborted: 'enough',
  moved: [1_000, copies ? 1_000 : 0],
  callback: 6,
  counter: [1, 2],
  warmer: [true, 21],
  lock: true,
  rows: [0, 1, 2],
})

/** Show what a worker does with what the main thread has compiled of its code, which V8 may refuse. */
export const sharing: Readonly<Record<string, string>> = {
  'spy.cjs': `
const vm = require('node:vm')
const { Script } = vm
globalThis.scripts = []
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options)
    globalThis.scripts.push({ given: options.cachedData !== undefined, rejected: this.cachedDataRejected })
  }
}
`,
  'spied.mjs': `export const scripts = () => globalThis.scripts`,
  'sharing.mjs': `
import { fileURLToPath } from 'node:url'
import { ComponentCoordinator } from 'spillway'
await using coordinator = new ComponentCoordinator()
const execArgv = ['--require', fileURLToPath(new URL('spy.cjs', import.meta.url))]
const remote = coordinator.registerComponent({ name: 'spied', module: new URL('spied.mjs', import.meta.url), export: '*', execArgv })
console.log(JSON.stringify(await remote.scripts()))
`,
}

const hello = `export const hello = () => 'hello'`

/** The file that workers run on is replaced by one of the same length under a running program, as a deployment may do. Its next worker runs on what it began with. */
export const replacing: Readonly<Record<string, string>> = {
  'hello.mjs': hello,
  'replacing.mjs': `
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { ComponentCoordinator } from 'spillway'
const file = createRequire(import.meta.url).resolve('spillway/package.json').replace('package.json', 'dist/src/runtime/core.cjs')
const code = readFileSync(file, 'latin1')
await using coordinator = new ComponentCoordinator({ spareWorkers: 0 })
const module = new URL('hello.mjs', import.meta.url)
const answers = [await coordinator.registerComponent({ name: 'a', module, export: '*' }).hello()]
try {
  writeFileSync(file, ' '.repeat(15) + code.slice(0, -15), 'latin1')
  answers.push(await coordinator.registerComponent({ name: 'b', module, export: '*' }).hello())
} finally {
  writeFileSync(file, code, 'latin1')
}
console.log(JSON.stringify(answers))
`,
}

/** The package is replaced by another version, which workers do not start with. */
export const replaced: Readonly<Record<string, string>> = {
  'hello.mjs': hello,
  'replaced.mjs': `
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { ComponentCoordinator, isWorkerFileError } from 'spillway'
const [file] = process.argv.slice(2)
const code = readFileSync(file, 'utf8')
await using coordinator = new ComponentCoordinator({ spareWorkers: 0 })
const module = new URL('hello.mjs', import.meta.url)
const told = []
for (const isolation of ['thread', 'process']) {
  let serial = 0
  const call = async () => coordinator.registerComponent({ name: isolation + ++serial, module, export: '*', isolation, timeout: 600_000 }).hello()
  const failure = async () => call().catch((error) => [error, error.cause].find(isWorkerFileError)?.message ?? error.stack)
  told.push(await call())
  try {
    writeFileSync(file, code.replace(/^\\/\\/ spillway \\S+/, '// spillway 9.9.9-new'))
    told.push(await failure())
    rmSync(file)
    told.push(await failure())
  } finally {
    writeFileSync(file, code)
  }
  told.push(await call())
}
console.log(JSON.stringify(told))
`,
}

/** What nothing can be added to. */
export const frozen: Readonly<Record<string, string>> = {
  'hello.mjs': hello,
  'frozen.mjs': `
import { ComponentCoordinator } from 'spillway'
await using coordinator = new ComponentCoordinator()
const module = new URL('hello.mjs', import.meta.url)
console.log(await coordinator.registerComponent({ name: 'a', module, export: '*' }).hello())
`,
}

/** Test runners import the package into a realm of the test's own: what is thrown there is an error of that realm. */
export const realms: Readonly<Record<string, string>> = {
  'realms.mjs': `
import * as comlink from 'comlink'
import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'
const require = createRequire(import.meta.url)
const { core } = require(require.resolve('spillway/package.json').replace('package.json', 'dist/src/runtime/load.cjs'))
const names = Object.getOwnPropertyNames(globalThis).filter((name) => !(name in createContext({ __proto__: null })))
const own = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', createContext({})))
const realm = createContext(Object.fromEntries(names.filter((name) => !own.has(name)).map((name) => [name, globalThis[name]])))
const classOf = (exports) => Object.entries(exports).find(([name]) => name.startsWith('InvalidOptionsError$'))[1]
const there = classOf(core(comlink, runInContext('Function', realm)))
const here = classOf(core(comlink, Function))
const TheirError = runInContext('Error', realm)
console.log(JSON.stringify([
  new there('a', 'b', 1) instanceof TheirError,
  new here('a', 'b', 1) instanceof Error,
  new here('a', 'b', 1) instanceof TheirError,
  classOf(core(comlink, runInContext('Function', realm))) === there,
]))
`,
}
