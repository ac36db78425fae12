/**
 * All that is found by its place at run time, made into one file, for programs that are bundled and run where the package is not installed: what threads,
 * processes and helper threads start with, and the modules of the services. Why: docs/decisions/few-files.md
 */
import * as comlink from 'comlink'
import nodeModule from 'node:module'
import threads from 'node:worker_threads'
import load from '../../dist/src/runtime/load.cjs'
import more from '../../dist/src/runtime/more.text.cjs'

load.texts.more = () => more
const loaded = () => load.more(theirs())
load.imported.set('../host/inspect.js', () => loaded().inspect)
load.imported.set('../host/module-url.js', () => loaded().moduleUrl)
load.imported.set('../host/state-snapshot.js', () => loaded().stateSnapshot)

/** As in `defineComponent`, which would load the core before it is given. */
const component = Symbol.for('spillway.component')
const service = (name) => ({ [component]: (config, context) => loaded()[name].default[component](config, context) })

const helpers = {
  'allocator-trim': () => import('../../dist/workers/allocator-trim.js'),
  'pool-drain': () => import('../../dist/workers/pool-drain.js'),
}

/** What it is, it knows by what it is given. */
function start() {
  if (threads.isMainThread) return load.process(theirs()).serveProcess()
  const given = threads.workerData
  if (!given?.end) return helpers[process.argv[2]]?.()
  threads.workerData = undefined
  nodeModule.syncBuiltinESMExports()
  const serve = ({ compiled }) => load.core(theirs(), Function, compiled).serveThread(given)
  const posted = threads.receiveMessageOnPort(given.end)
  if (posted) serve(posted.message)
  else given.end.once('message', serve)
}

/** The instance that components import, if there is one. */
function theirs() {
  try {
    return nodeModule.createRequire(__filename)('comlink')
  } catch {
    return comlink
  }
}

export default {
  start,
  'connection-pool': service('connectionPool'),
  'exchange-connector': service('exchangeConnector'),
  'historical-data': service('historicalData'),
  'order-service': service('orderService'),
}
