/** A program and its component, to be bundled. What the program prints is JSON; each thing in it fails where a copy of the package is a second one. */
import { asking, offered } from './programs.ts'

const shared = `
export class QuotaError extends SpillwayError {
  code = 'ERR_QUOTA'
}
registerErrorClass('ERR_QUOTA', QuotaError)

export class Celsius {
  constructor(degrees) {
    this.degrees = degrees
  }
}
transferHandlers.set('celsius', {
  canHandle: (value) => value instanceof Celsius,
  serialize: (value) => [value.degrees, []],
  deserialize: (degrees) => new Celsius(degrees),
})

export const thrown = (call) => call.then(() => undefined, (error) => error)
`

const component = `
import * as spillway from 'spillway/worker'
import { Celsius, QuotaError, thrown } from './shared.js'

let moved
export default spillway.defineComponent((config, { dependencies: { peer }, locks, logger, restored }) => ({
  // Errors of another component arrive as what this one knows.
  async judge() {
    const refused = await thrown(peer.refuse())
    const exhausted = await thrown(peer.exhaust())
    return [refused instanceof spillway.InvalidOptionsError, exhausted instanceof QuotaError, exhausted instanceof spillway.SpillwayError]
  },
  options: async () => spillway.isCallTimeoutError(await thrown(spillway.withCallOptions(peer, { timeout: 50 }).forever())),
${offered}  fill(megabytes) {
    moved = Array.from({ length: megabytes }, () => Array.from({ length: 131_072 }, Math.random))
  },
  kept: () => restored,
  snapshot: () => ({ kept: 'this' }),
  say: (text) => logger.warn({ text }, 'said'),
}))
`

const main = `
import { ComponentCoordinator, InvalidOptionsError, isWorkerFileError, proxy, withCallOptions } from 'spillway'
import { createDashboard } from 'spillway/dashboard'
import { LazyHistoricalDataService, LazyOrderService } from 'spillway/services'
import { InvalidOptionsError as same } from 'spillway/worker'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Celsius, QuotaError, thrown } from './shared.js'

const module = MODULE
const everything = process.argv.includes('everything')

async function tryAll(isolation) {
  await using coordinator = new ComponentCoordinator({ memory: { totalLimit: '2 GiB' } })
  coordinator.registerComponent({ name: 'peer', module, isolation })
  const remote = coordinator.registerComponent({ name: 'one', module, isolation, dependencies: ['peer'], hibernate: {} })
  const refused = await thrown(remote.refuse())
  const alone = await thrown(coordinator.component('peer').refuse())
  if (isWorkerFileError(alone) && isWorkerFileError(refused.cause)) return { refused: refused.cause.message }
  const exhausted = await thrown(remote.exhaust())
  const result = { errors: [refused instanceof InvalidOptionsError, refused instanceof same, refused.name, exhausted instanceof QuotaError] }
${asking}  await remote.say('something')
  return isolation === 'thread' || everything ? { ...result, ...(await tryMore(coordinator, remote, isolation)) } : result
}

// What does not depend on how the code is loaded: once for each bundle will do.
async function tryMore(coordinator, remote, isolation) {
  const result = {}
  result.helper = await helped(async () => {
    await remote.fill(50)
    await coordinator.unloadComponent('one')
  }, isolation)
  result.kept = await remote.kept()
  const profile = path.join(path.dirname(process.argv[1]), 'one.cpuprofile')
  await coordinator.writeCpuProfile('one', profile, { duration: 100 })
  result.profile = existsSync(profile)
  rmSync(profile, { force: true })
  const orders = new LazyOrderService(coordinator, { path: 'orders.db' })
  result.order = (await thrown(orders.getOrder('none')))?.code
  const data = new LazyHistoricalDataService(coordinator, { path: 'candles.db' })
  result.candles = (await data.getHistoricalData('BTC-USD', 0, 60_000, '1m')).length
  return result
}

// Memory is given back by a thread of its own, which says so.
async function helped(unload, isolation) {
  if (isolation === 'process') return await unload()
  const { promise, resolve } = Promise.withResolvers()
  process.on('worker', (worker) => worker.on('message', (message) => message === 'done' && resolve(message)))
  const waiting = setInterval(() => {}, 1_000)
  await unload()
  const said = await promise
  clearInterval(waiting)
  return said
}

async function page() {
  await using coordinator = new ComponentCoordinator()
  const dashboard = createDashboard(coordinator, { port: 0 })
  try {
    const { url } = await dashboard.start()
    return (await (await fetch(url)).text()).includes('importmap')
  } catch (error) {
    return error.message
  } finally {
    await dashboard.stop()
  }
}

async function run() {
  console.log(JSON.stringify({ thread: await tryAll('thread'), process: await tryAll('process'), page: await page() }))
}
void run()
`

/** Leaves a lease over, and prints where it is said to have been taken. */
export const lease = `
import { ComponentCoordinator } from 'spillway'
const nothing = () => {}
const logger = { level: 'warn', child: () => logger, trace: nothing, debug: nothing, info: nothing, error: nothing, fatal: nothing, warn }
function warn({ takenAt }) {
  if (!takenAt) return
  console.log(takenAt)
  process.exit()
}
const coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })
coordinator.registerComponent({ name: 'a', module: 'data:text/javascript,export const f = () => 1', export: '*' })
async function forgetful() {
  globalThis.lease = await coordinator.acquire('a')
}
void forgetful()
`

/** Nothing in it but the package is too new for an older Node. */
export const older = `
import { ComponentCoordinator } from 'spillway'
import { createDashboard } from 'spillway/dashboard'
import { defineComponent } from 'spillway/worker'
console.log(ComponentCoordinator, createDashboard, defineComponent)
`

/** Tests a component without a worker. */
export const inlined = `
import { inline } from 'spillway/testing'
import { defineComponent } from 'spillway/worker'
const component = defineComponent((config, { logger }) => {
  logger.info('nothing is written')
  return { name: () => config }
})
void inline(component, 'inlined').then(async (api) => console.log(await api.name()))
`

/** Files of the program, before it is bundled. @param format of what will be made of it */
export function program(format: 'esm' | 'cjs'): Readonly<Record<string, string>> {
  const imports = "import { registerErrorClass, SpillwayError, transferHandlers } from 'spillway/worker'\n"
  // As docs/recipes/bundling.md has it.
  const module =
    format === 'esm' ? "new URL('./prices.mjs', import.meta.url)" : "pathToFileURL(path.join(__dirname, 'prices.cjs'))"
  return {
    'shared.js': imports + shared,
    'prices.js': component,
    'main.js': main.replace('MODULE', module),
  }
}

const outcome = (isolation: 'thread' | 'process', everything: boolean): object => ({
  errors: [true, true, 'InvalidOptionsError', true],
  judged: [true, true, true],
  options: true,
  aborted: 'enough',
  // Between processes buffers are copied.
  moved: [1_000, isolation === 'process' ? 1_000 : 0],
  callback: 6,
  counter: [1, 2],
  warmer: [true, 21],
  lock: true,
  rows: [0, 1, 2],
  ...(isolation === 'thread' && { helper: 'done' }),
  ...((isolation === 'thread' || everything) && {
    kept: { kept: 'this' },
    profile: true,
    order: 'ERR_ORDER_NOT_FOUND',
    candles: 0,
  }),
})

/** What it prints. @param page what comes of the dashboard. @param everything it was asked for everything in a process as well */
export const expectedOf = (page: unknown, everything: boolean): object => ({
  thread: outcome('thread', everything),
  process: outcome('process', everything),
  page,
})
