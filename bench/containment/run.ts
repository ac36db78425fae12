/**
 * One worker that allocates without end, in one process: `node run.ts <mode> <pattern>`. Prints what became of it as one line of JSON, if this
 * process lives to tell.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { ComponentCoordinator, isComponentCrashedError } from '../../src/index.ts'
import { patterns } from '../../test/fixtures/allocation-patterns.ts'
import type { Pattern } from '../../test/fixtures/allocation-patterns.ts'
import type hog from '../../test/fixtures/hog.ts'
import { ProcessWatch } from '../process-watch.ts'
import type { Told } from './contain.ts'

const mib = 1024 ** 2
const limit = 64 * mib
/** Bytes of resident set at which it is plain that nothing holds it. */
const hopeless = { limits: 1024 * mib, spillway: 3072 * mib }

/** Under Spillway, with a memory limit. */
async function spillway(pattern: Pattern): Promise<string> {
  const coordinator = new ComponentCoordinator({ logger: pino({ level: 'silent' }), spareWorkers: 0 })
  const module = new URL('../../test/fixtures/hog.ts', import.meta.url)
  const remote = coordinator.registerComponent<typeof hog>({ name: 'hog', module, memoryLimit: limit })
  coordinator.on('zombie', () => (late = true))
  await remote.touch()
  began()
  const end = await remote.allocate(pattern).catch((error: unknown) => error)
  ended()
  // The program goes on, and so does the component: this loads it again.
  await remote.touch()
  // A worker may be inside of something that takes long to interrupt on a busy machine, but it has to die.
  const patience = performance.now() + 30_000
  while ((await coordinator.memory.sample()).extra.length > 0 && performance.now() < patience) await sleep(100)
  const { extra } = coordinator.memory.ledger()
  const { left } = await coordinator.shutdown()
  if (!isComponentCrashedError(end)) return String(end)
  return left.length + extra.length === 0 ? (end.reason ?? '?') : `${end.reason}, and left a worker that does not die`
}

/** Under V8's own limits alone. */
async function limits(pattern: Pattern): Promise<string> {
  began()
  const { promise, resolve } = Promise.withResolvers<string>()
  const worker = new Worker(new URL(import.meta.url), {
    workerData: pattern,
    resourceLimits: { maxOldGenerationSizeMb: limit / mib },
  })
  worker.once('error', (error: unknown) => {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
    resolve(code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : String(error))
  })
  const end = await promise
  ended()
  await worker.terminate()
  return end
}

/** The worker was not gone 2 s after it was told to end. */
let late = false
let start = 0
let time = 0
function began(): void {
  start = performance.now()
}
function ended(): void {
  time = performance.now() - start
}

if (parentPort) {
  patterns[workerData as Pattern]()
} else {
  const [mode, pattern] = process.argv.slice(2) as ['spillway' | 'limits', Pattern]
  const base = process.memoryUsage.rss()
  const tell = (end: string): void => {
    const { peak, stall, busyStall } = watch
    console.log(JSON.stringify({ end, late, time, peak: peak - base, stall, busyStall } satisfies Told))
  }
  using watch = new ProcessWatch(() => {
    if (watch.peak < hopeless[mode]) return
    tell('not stopped')
    process.kill(process.pid, 'SIGTERM')
  })
  tell(await (mode === 'spillway' ? spillway(pattern) : limits(pattern)))
}
