import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { ComponentCoordinator, isComponentCrashedError } from '../../src/index.ts'
import type { CoordinatorOptions, PressureLevel, Remote } from '../../src/index.ts'
import type hog from '../../test/fixtures/hog.ts'
import type { HogConfig } from '../../test/fixtures/hog.ts'
import { createRandom } from '../policy/random.ts'
import { ProcessWatch } from '../process-watch.ts'

type Hog = Remote<typeof hog>

export { many } from './many.ts'

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
  /** It goes on until there have been that many unloads, however slow the machine is. */
  readonly leastUnloads: number
  readonly seed: number
  /** MiB/s that a thirteenth component allocates after a third of the time, and the least unloads; 0: there is none. */
  readonly hogRate: number
}

export interface TwelveResult {
  readonly calls: number
  /** Messages of calls that were rejected, the hog's own aside. */
  readonly failures: readonly string[]
  /** Shares of the limit: the largest accounted usage until the hog began and in all, and the largest resident set. */
  readonly peakBefore: number
  readonly peakUsage: number
  readonly peakRss: number
  readonly unloads: number
  /** Unloads by priority. */
  readonly unloadsOf: Readonly<Record<number, number>>
  /** Unloads that began while something less important was loaded and idle, as seen from outside. */
  readonly outOfOrder: number
  readonly slowestCall: number
  /** What became of the hog. */
  readonly hog: string
  /** ms: the longest that the main thread had no turn, and that a worker took to answer a sample. */
  readonly stall: number
  readonly slowestAnswer: number
}

/** Twelve components that do not fit side by side, called in a random order by two callers. */
export async function twelve(options: TwelveOptions): Promise<TwelveResult> {
  const { limit, smallest, largest, seconds, leastUnloads, seed, hogRate } = options
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
  const unloads = (): number => Object.values(unloadsOf).reduce((sum, count) => sum + count, 0)
  let outOfOrder = 0
  let ready = new Set<string>()
  const look = (): void => {
    const all = coordinator.list()
    const idle = all.filter((info) => info.state === 'ready' && info.inUse === 0 && info.idleTime > 250)
    for (const { name, state, priority } of all) {
      if (!ready.has(name) || (state !== 'draining' && state !== 'unloading')) continue
      unloadsOf[priority] = (unloadsOf[priority] ?? 0) + 1
      if (idle.some((info) => info.priority > priority && info.memory?.stale === false)) outOfOrder++
    }
    ready = new Set(all.filter(({ state }) => state === 'ready').map(({ name }) => name))
  }
  let slowestAnswer = 0
  let peakUsage = 0
  let peakBefore: number | undefined
  using watch = new ProcessWatch(() => {
    look()
    for (const { memory, inUse } of coordinator.list()) {
      if (memory && inUse > 0) slowestAnswer = Math.max(slowestAnswer, Date.now() - memory.sampledAt)
    }
    peakUsage = Math.max(peakUsage, coordinator.memory.usage)
  })
  coordinator.on('sample', ({ usage }) => (peakUsage = Math.max(peakUsage, usage)))

  const end = performance.now() + seconds * 1_000
  let calls = 0
  let slowestCall = 0
  const call = async (): Promise<void> => {
    while (performance.now() < end || unloads() < leastUnloads) {
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
    while (unloads() < leastUnloads) await sleep(10)
    peakBefore = peakUsage
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
    peakBefore: (peakBefore ?? peakUsage) / (limit * mib),
    peakUsage: peakUsage / (limit * mib),
    peakRss: watch.peak / (limit * mib),
    unloads: unloads(),
    unloadsOf,
    outOfOrder,
    slowestCall,
    hog: hogEnd,
    stall: watch.stall,
    slowestAnswer,
  }
}

export interface TakingTurnsOptions {
  /** MiB. */
  readonly limit: number
  /** It goes on until they are seen to push each other out, however slow the machine is. */
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
  /** ms */
  readonly time: number
  readonly peakUsage: number
}

/** Two components that fit only one at a time, called in turn. */
export async function takingTurns({ limit, seconds, timeout }: TakingTurnsOptions): Promise<TakingTurnsResult> {
  const warnings: string[] = []
  const write = (line: string): void => {
    if (line.includes('thrashing')) warnings.push(line)
  }
  const logger = pino({ level: 'warn' }, { write })
  await using coordinator = coordinatorOf({ memory: { totalLimit: limit * mib }, logger })
  const config: HogConfig = { buffer: limit * mib * 0.6 - 20 * mib, size: 4 * mib }
  const remotes = ['left', 'right'].map((name) =>
    coordinator.registerComponent<typeof hog>({ name, module, config, timeout }),
  )
  let peakUsage = 0
  coordinator.on('sample', ({ usage }) => (peakUsage = Math.max(peakUsage, usage)))
  const failures: string[] = []
  const end = performance.now() + seconds * 1_000
  let calls = 0
  let thrashing = false
  const start = performance.now()
  while (performance.now() < end || !thrashing) {
    for (const remote of remotes) {
      await remote.touch().then(
        () => calls++,
        (error: unknown) => failures.push(String(error)),
      )
      thrashing ||= coordinator.memory.thrashing
    }
  }
  const loads = coordinator.list().reduce((sum, info) => sum + info.loads, 0)
  const time = performance.now() - start
  // It is said after the load that shows it.
  while (warnings.length === 0 && performance.now() - start < time + 10_000) await sleep(20)
  return { calls, failures, loads, thrashing, warnings: warnings.length, time, peakUsage: peakUsage / (limit * mib) }
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
  const counts = { unloads: 0, crashes: 0, samples: 0 }
  const told: PressureLevel[] = []
  coordinator.on('unload', () => counts.unloads++)
  coordinator.on('crash', () => counts.crashes++)
  coordinator.on('exhausted', ({ level }) => told.push(level))
  const remotes = Array.from({ length: 4 }, (_, i) =>
    coordinator.registerComponent<typeof hog>({ name: `busy-${i}`, module, config: { size: 4 * mib } }),
  )
  await Promise.all(remotes.map(async (remote) => remote.touch()))
  const busy = remotes.map(async (remote) => remote.work())
  // Until nobody has anything left of its start to grow by.
  while ((await coordinator.memory.sample()).reservations > 0) await sleep(100)
  while (!told.includes('critical') || coordinator.memory.pressureLevel !== 'critical') {
    const { usage, components } = await coordinator.memory.sample()
    const others = usage - (components['busy-0']?.reported ?? 0)
    await remotes[0]?.report(Math.max(0, limit * mib * 0.96 - others))
    await sleep(50)
  }
  coordinator.on('sample', () => counts.samples++)
  const before = process.threadCpuUsage()
  const start = performance.now()
  await sleep(seconds * 1_000)
  const { user, system } = process.threadCpuUsage(before)
  const cpu = (user + system) / 1_000 / (performance.now() - start)
  const level = coordinator.memory.pressureLevel
  // Usage may stop at high on its way up, which is another thing to say; no level is to be told twice.
  const exhausted = Math.max(...told.map((one) => told.filter((other) => other === one).length))
  const result = { level, ...counts, exhausted, cpu }
  await Promise.all(remotes.map(async (remote) => remote.go()))
  await Promise.all(busy)
  return result
}

export interface BlockedOptions {
  /** ms */
  readonly time: number
}

export interface BlockedResult {
  /** The blocked one's row, while it is blocked. */
  readonly stale: boolean
  readonly counted: boolean
  /** ms: the oldest figures of the others, at any look. */
  readonly oldest: number
  /** ms: the longest that the main thread had no turn. */
  readonly stall: number
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
  const block = { over: false }
  const blocking = busy?.then(() => (block.over = true))
  let stale = false
  let oldest = 0
  using watch = new ProcessWatch()
  while (!block.over) {
    await sleep(10)
    stale ||= coordinator.memory.ledger().components['blocked']?.stale === true
    if (!stale) continue
    for (const name of ['one', 'two']) {
      const { sampledAt = 0 } = coordinator.info(name).memory ?? {}
      oldest = Math.max(oldest, Date.now() - sampledAt)
    }
  }
  const { usage, components, main, reservations, native } = coordinator.memory.ledger()
  // Of the native memory the components' rows have their share.
  const sum = Object.values(components).reduce(
    (rest, row) => rest + row.total - row.native,
    main + reservations + native,
  )
  await blocking
  await Promise.all(growing)
  const after = await coordinator.memory.sample()
  return {
    stale,
    stall: watch.stall,
    counted: Math.abs(sum - usage) < 1 && (components['blocked']?.total ?? 0) > mib,
    oldest,
    staleAfterwards: after.components['blocked']?.stale === true,
  }
}

export interface StickyResult {
  readonly unloaded: readonly string[]
  /** MiB: what went, and by how much the resident set fell after it. */
  readonly released: number
  readonly fell: number
  /** Unloads within the seconds after that. */
  readonly further: number
}

/** A component goes for want of memory, and its pages stay with the process. */
export async function sticky(): Promise<StickyResult> {
  const limit = 600 * mib
  await using coordinator = coordinatorOf({ memory: { totalLimit: limit, minIdleTime: 0 }, spareWorkers: 0 })
  const names: string[] = []
  let released = 0
  coordinator.on('unload', ({ name, predicted }) => {
    names.push(name)
    released += predicted / mib
  })
  const [large, small, grows] = [130, 20, 1].map((size) =>
    coordinator.registerComponent<typeof hog>({
      name: `of ${size} MiB`,
      module,
      config: { size: size * mib },
      memoryEstimate: 2 * size * mib,
    }),
  )
  for (const remote of [large, small, grows]) await remote?.touch()
  const before = process.memoryUsage.rss()
  // What a load may still bring is counted for a second; it is not there.
  while ((await coordinator.memory.sample()).reservations > 8 * mib) await sleep(100)
  // More than once: garbage that goes meanwhile makes room. Not while one of them is on its way out: what it leaves is not to be filled.
  while (names.length === 0) {
    const { usage, components } = await coordinator.memory.sample()
    const others = usage - (components['of 1 MiB']?.reported ?? 0)
    if (coordinator.list().every(({ state }) => state === 'ready')) await grows?.report(limit * 0.92 - others)
    await sleep(250)
  }
  // One that had no time to go may be followed by another that went instead.
  for (let i = 0; i < 100 && coordinator.memory.usage > 0.85 * limit; i++) await sleep(100)
  const first = names.length
  await sleep(2_000)
  const fell = (before - process.memoryUsage.rss()) / mib
  return { unloaded: [...names], released, fell, further: names.length - first }
}

export interface SecondGenerationResult {
  readonly end: string
  /** Shares of its limit that the second generation held, as last measured, when it was ended; and the share at which it is ended outright. */
  readonly held: number
  /** ms from the first byte to the end. */
  readonly time: number
  /** MiB by which the resident set grew meanwhile: less than it held when it grew into pages that were there. */
  readonly grew: number
}

/** A generation that grows into the pages that the one before left behind in V8's pool, where the resident set does not show it. */
export async function secondGeneration({ rate }: { readonly rate: number }): Promise<SecondGenerationResult> {
  await using coordinator = coordinatorOf({ memory: { totalLimit: 1024 * mib }, spareWorkers: 0 })
  const memoryLimit = 128 * mib
  const remote = coordinator.registerComponent<typeof hog>({ name: 'grows', module, memoryLimit })
  await remote.hold(90 * mib)
  await coordinator.unloadComponent('grows')
  await remote.touch()
  let held = 0
  const watch = setInterval(() => (held = Math.max(held, coordinator.info('grows').memory?.total ?? 0)), 1)
  const before = process.memoryUsage.rss()
  const start = performance.now()
  const end = await remote.grow(rate * mib, 1024 * mib).catch((error: unknown) => error)
  const time = performance.now() - start
  const grew = (process.memoryUsage.rss() - before) / mib
  clearInterval(watch)
  const reason = isComponentCrashedError(end) ? (end.reason ?? '?') : String(end)
  return { end: reason, held: held / memoryLimit, time, grew }
}
