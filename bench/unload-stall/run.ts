/**
 * Holds memory in some components, unloads all of them at once, and prints as JSON how long that held up the main thread and another component that is called without a pause,
 * before and meanwhile, and when the memory was back. A program of its own, because the flags of a process are part of what is measured.
 *
 * Arguments: shape, how many components, bytes of each, seconds to watch.
 */
import { pino } from 'pino'
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from '../../src/index.ts'
import { shapes } from '../reclaim/holder.ts'
import type { default as holder, HolderConfig } from '../reclaim/holder.ts'
import type neighbour from './neighbour.ts'

/** ms. */
export interface Delays {
  /** Longest time between two turns of the main thread's event loop. */
  readonly standstill: number
  /** Of the calls of the other component. */
  readonly p99: number
  readonly slowest: number
}

export interface UnloadStall {
  readonly before: Delays
  readonly meanwhile: Delays
  /** ms until the last thread was gone, longest. */
  readonly gone: number
  /** ms from the beginning of the unload until 95% of what loading added was back with the operating system; absent where it was not in the time. */
  readonly back?: number
  /** Share that was back in the end, and 1 s after the unload began. */
  readonly returned: number
  readonly returnedIn1s: number
  /** ms of processor time of the whole process from the unload until it was back, or the time was over. */
  readonly cpu: number
}

const [shapeName, count, bytes, seconds] = process.argv.slice(2)
const shape = shapes.find((known) => known === shapeName)
if (!shape) throw new Error(`shape: expected one of ${shapes.join(', ')}, got ${shapeName}`)
const enough = 0.95

await using coordinator = new ComponentCoordinator({
  logger: pino({ level: 'silent' }),
  memory: { totalLimit: 16 * 1024 ** 3 },
})

async function load(name: string, config: HolderConfig): Promise<string> {
  const component = coordinator.registerComponent<typeof holder>({
    name,
    module: new URL('../reclaim/holder.ts', import.meta.url),
    config,
    // A busy machine is no reason to fail.
    timeout: 120_000,
  })
  await component.isHolding()
  return name
}

const other = coordinator.registerComponent<typeof neighbour>({
  name: 'neighbour',
  module: new URL('neighbour.ts', import.meta.url),
})

/** Calls the other component and turns the event loop until `ended`. */
async function watch(ended: () => boolean): Promise<Delays> {
  const calls = createHistogram()
  let standstill = 0
  let last = performance.now()
  const turns = setInterval(() => {
    const now = performance.now()
    standstill = Math.max(standstill, now - last)
    last = now
  }, 1)
  while (!ended()) {
    const start = performance.now()
    await other.work()
    calls.record(Math.max(1, Math.round((performance.now() - start) * 1_000)))
    // Room for the machine's other processor: what is measured is waiting, not overload.
    await sleep(1)
  }
  clearInterval(turns)
  return { standstill, p99: calls.percentile(99) / 1_000, slowest: calls.max / 1_000 }
}

function after(ms: number): () => boolean {
  const time = performance.now() + ms
  return () => performance.now() > time
}

// A first cycle with next to nothing to hold: what a program needs only once is part of the base.
await coordinator.unloadComponent(await load('warm-up', { shape, bytes: 1_048_576 }))
await watch(after(4_000))
const base = process.memoryUsage.rss()
const names = await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => load(`holder-${i}`, { shape, bytes: Number(bytes) })),
)
const before = await watch(after(3_000))

const loaded = process.memoryUsage.rss()
const share = (): number => (loaded - process.memoryUsage.rss()) / (loaded - base)
const start = performance.now()
const cpu = process.cpuUsage()
const unloads = Promise.all(names.map(async (name) => coordinator.unloadComponent(name)))
let back: number | undefined
let returnedIn1s: number | undefined
const meanwhile = await watch(() => {
  const elapsed = performance.now() - start
  if (share() >= enough) back ??= elapsed
  if (elapsed >= 1_000) returnedIn1s ??= share()
  // Others may be held up until the last page is back, and a moment longer.
  return elapsed > 1_000 * Number(seconds) || (back !== undefined && elapsed > Math.max(2_000, back + 500))
})
const { user, system } = process.cpuUsage(cpu)
const reports = await unloads
const result: UnloadStall = {
  before,
  meanwhile,
  gone: Math.max(...reports.map(({ times }) => times.terminate)),
  ...(back === undefined ? {} : { back }),
  returned: share(),
  returnedIn1s: returnedIn1s ?? share(),
  cpu: (user + system) / 1_000,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
