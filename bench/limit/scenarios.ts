import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { ComponentCoordinator, isComponentCrashedError } from '../../src/index.ts'
import type { CoordinatorOptions, Remote } from '../../src/index.ts'
import type hog from '../../test/fixtures/hog.ts'
import type { HogConfig } from '../../test/fixtures/hog.ts'
import { createRandom } from '../policy/random.ts'
import { ProcessWatch } from './process-watch.ts'

type Hog = Remote<typeof hog>

const mib = 1024 ** 2
const module = new URL('../../test/fixtures/hog.ts', import.meta.url)
const silent = pino({ level: 'silent' })

function coordinatorOf(options: CoordinatorOptions): ComponentCoordinator {
  return new ComponentCoordinator({ logger: silent, ...options })
}

export interface TwelveOptions {
  /** MiB. */
  readonly limit: number
  /** MiB: sizes are drawn from this range. */
  readonly smallest: number
  readonly largest: number
  readonly seconds: number
  readonly seed: number
  /** MiB/s that a thirteenth component allocates after a third of the time; 0: there is none. */
  readonly hogRate: number
}

export interface TwelveResult {
  readonly calls: number
  /** Messages of calls that were rejected, the hog's own aside. */
  readonly failures: readonly string[]
  /** Shares of the limit: the largest accounted usage, and the largest resident set. */
  readonly peakUsage: number
  readonly peakRss: number
  readonly unloads: number
  /** Unloads by priority. */
  readonly unloadsOf: Readonly<Record<number, number>>
  /** Unloads while something less important was loaded and idle, as seen from outside. */
  readonly outOfOrder: number
  readonly slowestCall: number
  /** What became of the hog. */
  readonly hog: string
  readonly stall: number
}

/** Twelve components that do not fit side by side, called in a random order by two callers. */
export async function twelve(options: TwelveOptions): Promise<TwelveResult> {
  const { limit, smallest, largest, seconds, seed, hogRate } = options
  await using coordinator = coordinatorOf({ memory: { totalLimit: limit * mib } })
  const random = createRandom(seed)
  const names = Array.from({ length: 12 }, (_, i) => `component-${i}`)
  const remotes = names.map((name, i) => {
    const bytes = (smallest + random.next() * (largest - smallest)) * mib
    const config: HogConfig = { size: bytes / 4, buffer: (bytes * 3) / 4 }
    return coordinator.registerComponent<typeof hog>({ name, module, config, priority: [20, 50, 80][i % 3] ?? 50 })
  })
  const failures: string[] = []
  const unloadsOf: Record<number, number> = { 20: 0, 50: 0, 80: 0 }
  let outOfOrder = 0
  coordinator.on('unload', ({ name, reason }) => {
    if (reason !== 'pressure' && reason !== 'admission') return
    const { priority } = coordinator.info(name)
    unloadsOf[priority] = (unloadsOf[priority] ?? 0) + 1
    const idle = coordinator.list().filter((info) => info.state === 'ready' && info.inUse === 0)
    if (idle.some((info) => info.priority > priority && info.idleTime > 1_000)) outOfOrder++
  })
  let peakUsage = 0
  using watch = new ProcessWatch(() => (peakUsage = Math.max(peakUsage, coordinator.memory.usage)))
  coordinator.on('sample', ({ usage }) => (peakUsage = Math.max(peakUsage, usage)))

  const end = performance.now() + seconds * 1_000
  let calls = 0
  let slowestCall = 0
  const call = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now()
      const index = random.integer(12)
      try {
        await remotes[index]?.touch()
        calls++
      } catch (error) {
        failures.push(`${names[index]}: ${String(error)}`)
      }
      slowestCall = Math.max(slowestCall, performance.now() - start)
      await sleep(random.integer(40))
    }
  }
  const grow = async (): Promise<string> => {
    if (hogRate === 0) return 'none'
    await sleep((seconds * 1_000) / 3)
    const remote = coordinator.registerComponent<typeof hog>({ name: 'hog', module, priority: 50 })
    try {
      await remote.grow(hogRate * mib, 4 * limit * mib)
      return 'not stopped'
    } catch (error) {
      return isComponentCrashedError(error) ? (error.reason ?? '?') : String(error)
    }
  }
  const [hogEnd] = await Promise.all([grow(), call(), call()])
  return {
    calls,
    failures,
    peakUsage: peakUsage / (limit * mib),
    peakRss: watch.peak / (limit * mib),
    unloads: Object.values(unloadsOf).reduce((sum, count) => sum + count, 0),
    unloadsOf,
    outOfOrder,
    slowestCall,
    hog: hogEnd,
    stall: watch.stall,
  }
}

export interface TakingTurnsOptions {
  /** MiB. */
  readonly limit: number
  readonly seconds: number
  /** ms that a load may take and wait. */
  readonly timeout: number
}

export interface TakingTurnsResult {
  readonly calls: number
  readonly failures: readonly string[]
  readonly loads: number
  readonly thrashing: boolean
  readonly warnings: number
  readonly peakUsage: number
}

/** Two components that fit only one at a time, called in turn. */
export async function takingTurns({ limit, seconds, timeout }: TakingTurnsOptions): Promise<TakingTurnsResult> {
  let warnings = 0
  const logger = pino({ level: 'warn' }, { write: (line: string) => void (line.includes('thrashing') && warnings++) })
  await using coordinator = coordinatorOf({ memory: { totalLimit: limit * mib }, logger })
  const config: HogConfig = { buffer: limit * mib * 0.6 - 30 * mib, size: 4 * mib }
  const remotes = ['left', 'right'].map((name) =>
    coordinator.registerComponent<typeof hog>({ name, module, config, timeout }),
  )
  let peakUsage = 0
  coordinator.on('sample', ({ usage }) => (peakUsage = Math.max(peakUsage, usage)))
  const failures: string[] = []
  const end = performance.now() + seconds * 1_000
  let calls = 0
  let thrashing = false
  while (performance.now() < end) {
    for (const remote of remotes) {
      await remote.touch().then(
        () => calls++,
        (error: unknown) => failures.push(String(error)),
      )
      thrashing ||= coordinator.memory.thrashing
    }
  }
  const loads = coordinator.list().reduce((sum, info) => sum + info.loads, 0)
  return { calls, failures, loads, thrashing, warnings, peakUsage: peakUsage / (limit * mib) }
}

export interface AllBusyOptions {
  /** MiB. */
  readonly limit: number
  readonly seconds: number
}

export interface AllBusyResult {
  readonly level: string
  readonly unloads: number
  readonly crashes: number
  readonly exhausted: number
  readonly samples: number
  /** Share of one processor that the main thread used. */
  readonly cpu: number
}

/** Critical pressure, and everything is in use. */
export async function allBusy({ limit, seconds }: AllBusyOptions): Promise<AllBusyResult> {
  await using coordinator = coordinatorOf({ memory: { totalLimit: limit * mib } })
  const counts = { unloads: 0, crashes: 0, exhausted: 0, samples: 0 }
  coordinator.on('unload', () => counts.unloads++)
  coordinator.on('crash', () => counts.crashes++)
  coordinator.on('exhausted', () => counts.exhausted++)
  const remotes = Array.from({ length: 4 }, (_, i) =>
    coordinator.registerComponent<typeof hog>({ name: `busy-${i}`, module, config: { size: 4 * mib } }),
  )
  await Promise.all(remotes.map(async (remote) => remote.touch()))
  const busy = remotes.map(async (remote) => remote.sleep(seconds * 1_000 + 4_000))
  const { usage } = await coordinator.memory.sample()
  const missing = limit * mib * 0.97 - usage
  await Promise.all(remotes.map(async (remote) => remote.holdBuffer(missing / 4)))
  await until(() => coordinator.memory.pressureLevel === 'critical' && counts.exhausted > 0)
  coordinator.on('sample', () => counts.samples++)
  const before = process.threadCpuUsage()
  const start = performance.now()
  await sleep(seconds * 1_000)
  const { user, system } = process.threadCpuUsage(before)
  const cpu = (user + system) / 1_000 / (performance.now() - start)
  const level = coordinator.memory.pressureLevel
  const result = { level, ...counts, cpu }
  await Promise.all(busy)
  return result
}

export interface BlockedOptions {
  /** ms */
  readonly time: number
}

export interface BlockedResult {
  /** The blocked one's row, half way through. */
  readonly stale: boolean
  readonly counted: boolean
  /** ms: the oldest figures of the others, at any look. */
  readonly oldest: number
  readonly staleAfterwards: boolean
}

/** One worker blocked in a native call, and others at work beside it. */
export async function blocked({ time }: BlockedOptions): Promise<BlockedResult> {
  await using coordinator = coordinatorOf({ memory: { totalLimit: 1024 * mib } })
  const remotes: Hog[] = ['blocked', 'one', 'two'].map((name) =>
    coordinator.registerComponent<typeof hog>({ name, module, config: { size: 4 * mib }, memoryLimit: 64 * mib }),
  )
  const [stuck, ...others] = remotes
  await Promise.all(remotes.map(async (remote) => remote.touch()))
  const busy = stuck?.block(time)
  // Half of their limit: they are sampled every 25 ms.
  const growing = others.map(async (remote) => remote.grow(mib, (time / 1_000) * mib))
  await sleep(Math.min(time / 2, 1_000))
  const row = coordinator.memory.ledger().components['blocked']
  let oldest = 0
  const end = performance.now() + time / 4
  while (performance.now() < end) {
    await sleep(10)
    for (const name of ['one', 'two']) {
      const { sampledAt = 0 } = coordinator.info(name).memory ?? {}
      oldest = Math.max(oldest, Date.now() - sampledAt)
    }
  }
  const { usage, components, main, reservations } = coordinator.memory.ledger()
  const sum = Object.values(components).reduce((total, row) => total + row.total, main + reservations)
  await busy
  await Promise.all(growing)
  const after = await coordinator.memory.sample()
  return {
    stale: row?.stale === true,
    counted: Math.abs(sum - usage) < 1 && (components['blocked']?.total ?? 0) > mib,
    oldest,
    staleAfterwards: after.components['blocked']?.stale === true,
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10)
}
