import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { contendersOf, processes } from '../contenders/contenders.ts'
import type { Start } from '../contenders/callee.ts'
import { sources } from '../contenders/data/sources.ts'
import type { DataSource } from '../contenders/data/source.ts'
import { timesOf } from '../harness/repeat.ts'
import { quantile } from '../harness/statistics.ts'
import type { Case, Figure, Round, Setup, Suite } from '../harness/suite.ts'
import { ProcessWatch } from '../process-watch.ts'

const candles = 100_000
const million = 1_000_000
/** Rows of a batch. */
const batch = 1_000
/** ms between two looks of `monitorEventLoopDelay` at the main loop. */
const resolution = 1

const time: Figure = { id: 'time', title: 'took', unit: 'ms', better: 'less' }
const main: Figure = { id: 'main', title: 'CPU of the main thread', unit: 'ms', better: 'less' }
const longest: Figure = { id: 'longest', title: 'longest stall', unit: 'ms', better: 'less' }
const p99: Figure = { id: 'p99', title: 'p99 delay', unit: 'ms', better: 'less' }

/** What an answer of 100,000 candles costs, one after the other. */
function answers(ask: (source: DataSource) => ((count: number) => Promise<unknown>) | undefined) {
  return async (source: DataSource, setup: Setup): Promise<Round | string> => {
    const call = ask(source)
    if (!call) return 'cannot move results'
    await timesOf(setup.time, () => call(candles))
    return async () => {
      const cpu = process.threadCpuUsage()
      const { result: times, stalls } = await watched(() => timesOf(setup.time, () => call(candles)))
      const { user, system } = process.threadCpuUsage(cpu)
      return [quantile(times, 0.5), (user + system) / 1_000 / times.length, stalls.longest]
    }
  }
}

/** Of rows that are read as they come, once in a process: memory that was there once is there the second time. */
function stream(size: number) {
  return async ({ rows }: DataSource, { quick }: Setup): Promise<Round | string> => {
    if (!rows) return 'has no streams'
    const count = quick ? million / 10 : million
    const read = async (wanted: number): Promise<void> => {
      let had = 0
      for await (const piece of rows(wanted, size)) had += Array.isArray(piece) ? piece.length : 1
      if (had !== wanted) throw new Error(`${had} of ${wanted} rows arrived`)
    }
    await read(10 * batch)
    return async () => {
      using watch = new ProcessWatch()
      const before = process.memoryUsage.rss()
      const start = performance.now()
      const { stalls } = await watched(() => read(count))
      return [count / (performance.now() - start), stalls.longest, stalls.p99, (watch.peak - before) / 1e6]
    }
  }
}

/** How late the main loop was meanwhile, ms. */
async function watched<T>(work: () => Promise<T>) {
  const delays = monitorEventLoopDelay({ resolution })
  delays.enable()
  // A first look and a last one: how late it was is known from two.
  await sleep(2 * resolution)
  const result = await work()
  await sleep(2 * resolution)
  delays.disable()
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution)
  return { result, stalls: { longest: late(delays.max), p99: late(delays.percentile(99)) } }
}

function of(measure: (source: DataSource, setup: Setup) => Promise<Round | string>, figures: number) {
  return sources.map(({ name, start }) => ({
    name,
    measure: async (setup: Setup): Promise<Round> => {
      const round = await measure(await start(), setup)
      return typeof round === 'string' ? async () => [round, ...Array<string>(figures - 1).fill('')] : round
    },
  }))
}

/** 1 MB of numbers. */
const array = Float64Array.from({ length: 125_000 }, Math.random)

async function arrays(start: Start, setup: Setup): Promise<Round> {
  const { call } = start({ typedArrays: true })
  // JSON makes an object of it.
  if ((await call('lengthOf', array)) !== array.length) return async () => ['not as such', '']
  return async () => {
    const both = await timesOf(setup.time / 2, () => call('echo', array))
    const there = await timesOf(setup.time / 2, () => call('lengthOf', array))
    return [quantile(both, 0.5), quantile(there, 0.5)]
  }
}

const cases: readonly Case[] = [
  {
    id: 'objects',
    title: '100,000 candles as an array of objects',
    figures: [time, main, longest],
    contenders: of(
      answers(({ objects }) => objects),
      3,
    ),
    base: 'worker',
    rounds: 5,
    quickRounds: 0,
  },
  {
    id: 'columns',
    title: '100,000 candles as six Float64Arrays, cloned',
    figures: [time, main, longest],
    contenders: of(
      answers(({ columns }) => columns),
      3,
    ),
    base: 'worker',
    rounds: 5,
    quickRounds: 0,
  },
  {
    id: 'moved',
    title: '100,000 candles as six fresh Float64Arrays, moved',
    figures: [time, main, longest],
    contenders: of(
      answers(({ moved }) => moved),
      3,
    ),
    base: 'worker',
    rounds: 5,
    quickRounds: 1,
  },
  ...[batch, 0].map((size): Case => ({
    id: size === 0 ? 'rows' : 'batches',
    title: `a stream of 1,000,000 rows (with --quick 100,000), ${size === 0 ? 'one by one' : `in batches of ${size}`}`,
    figures: [
      { id: 'rate', title: 'rows', unit: '1,000/s', better: 'more' },
      longest,
      p99,
      { id: 'memory', title: 'peak', unit: 'MB more', better: 'less' },
    ],
    contenders: of(stream(size), 4),
    base: 'worker',
    rounds: 3,
    quickRounds: size === 0 ? 0 : 1,
    fresh: true,
    deadline: 120_000,
  })),
  {
    id: 'array-process',
    title: 'another process, 1 MB as a Float64Array',
    figures: [
      { ...time, title: 'there and back' },
      { ...time, id: 'there', title: 'there only' },
    ],
    contenders: contendersOf(processes, arrays),
    base: 'fork advanced',
    rounds: 5,
    quickRounds: 0,
  },
]

export default { title: 'what data costs', cases } satisfies Suite
