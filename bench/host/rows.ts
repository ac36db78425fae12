import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Start } from './contender.ts'
import { cpuTime, ownMemory, proportionalMemory } from './process-memory.ts'

export interface Figure {
  readonly title: string
  readonly better: 'less' | 'more'
  /** Of its rounds: the best where all that else goes on can only make it worse, else the median. */
  readonly of: 'best' | 'median'
}

/** What it is measured with. */
export interface Subject {
  readonly start: Start
  readonly isolation: 'thread' | 'process'
  /** ms for each thing that is repeated. */
  readonly time: number
}

/** A figure for each of the row, in the same order; undefined: cannot be had. */
type Measure = () => Promise<readonly (number | undefined)[]>

/** What is measured at once, in one process for each contender. */
export interface Row {
  readonly id: string
  readonly figures: readonly Figure[]
  readonly rounds: number
  /** Each round in a process of its own: nothing there is warm. */
  readonly fresh: boolean
  /** Gets ready for its rounds. */
  readonly prepare: (subject: Subject) => Promise<Measure>
}

const text = 'x'.repeat(100)
/** 1 MB. */
const array = new Float64Array(131_072).fill(1.5)
const inFlight = 64
/** Workers or processes that are added to a first one. */
const added = 3
/** ms after which a worker that does nothing has settled. */
const settle = 300
const cacheMegabytes = 200
/** ms for which memory is waited for. */
const patience = 3_000

export const rows: readonly Row[] = [
  {
    id: 'cold',
    figures: [{ title: 'cold start to the first answer, ms', better: 'less', of: 'best' }],
    rounds: 5,
    fresh: true,
    prepare:
      async ({ start }) =>
      async () => {
        const before = performance.now()
        await start({ typedArrays: false }).call('echo', text)
        return [performance.now() - before]
      },
  },
  {
    id: 'call',
    figures: [
      { title: 'one call at a time, p50, µs', better: 'less', of: 'best' },
      { title: 'p99, µs', better: 'less', of: 'median' },
    ],
    rounds: 5,
    fresh: false,
    prepare: async ({ start, time }) => {
      const contender = await warm(start({ typedArrays: false }), time)
      return async () => {
        const times = await timesOf(time, () => contender.call('echo', text))
        return [1_000 * quantile(times, 0.5), 1_000 * quantile(times, 0.99)]
      }
    },
  },
  {
    id: 'flight',
    figures: [
      { title: `${inFlight} calls in flight, thousands a second`, better: 'more', of: 'best' },
      { title: 'CPU a call, all threads and processes, µs', better: 'less', of: 'median' },
    ],
    rounds: 5,
    fresh: false,
    prepare: async ({ start, time, isolation }) => {
      const contender = await warm(start({ typedArrays: false }), time)
      const pid = Number(await contender.call('pid'))
      const cpu = async (): Promise<number> => {
        const { user, system } = process.cpuUsage()
        return user + system + (isolation === 'process' ? await cpuTime(pid) : 0)
      }
      return async () => {
        const cpuBefore = await cpu()
        const before = performance.now()
        const calls = await callAll(contender, time)
        const seconds = (performance.now() - before) / 1_000
        return [calls / seconds / 1_000, ((await cpu()) - cpuBefore) / calls]
      }
    },
  },
  {
    id: 'array',
    figures: [
      { title: '1 MB Float64Array there and back, ms', better: 'less', of: 'best' },
      { title: 'there only, ms', better: 'less', of: 'best' },
    ],
    rounds: 5,
    fresh: false,
    prepare: async ({ start, time }) => {
      const contender = start({ typedArrays: true })
      // JSON makes an object of it.
      if ((await contender.call('lengthOf', array)) !== array.length) return async () => [undefined, undefined]
      return async () => {
        const [both, there] = [
          await timesOf(time / 2, () => contender.call('echo', array)),
          await timesOf(time / 2, () => contender.call('lengthOf', array)),
        ]
        return [quantile(both, 0.5), quantile(there, 0.5)]
      }
    },
  },
  {
    id: 'footprint',
    figures: [
      { title: 'one more that is idle, MB', better: 'less', of: 'median' },
      { title: 'with its share of what is shared (PSS), MB', better: 'less', of: 'median' },
    ],
    rounds: 2,
    fresh: true,
    prepare: async ({ start, isolation }) => {
      await start({ typedArrays: false }).call('echo', text)
      await sleep(settle)
      return async () => {
        const before = process.memoryUsage.rss()
        const more = Array.from({ length: added }, () => start({ typedArrays: false }))
        const pids = await Promise.all(more.map(async ({ call }) => Number(await call('pid'))))
        await sleep(settle)
        if (isolation === 'thread') return [(process.memoryUsage.rss() - before) / added / 1e6, undefined]
        const average = async (memory: (pid: number) => Promise<number>): Promise<number> =>
          (await Promise.all(pids.map(memory))).reduce((sum, bytes) => sum + bytes, 0) / added / 1e6
        return [await average(ownMemory), await average(proportionalMemory)]
      }
    },
  },
  {
    id: 'back',
    figures: [
      { title: `end of one with a cache of ${cacheMegabytes} MB to 90% of it back, ms`, better: 'less', of: 'best' },
    ],
    rounds: 1,
    fresh: true,
    prepare:
      async ({ start, isolation }) =>
      async () => {
        const contender = start({ typedArrays: false })
        const pid = Number(await contender.call('pid'))
        const memory = async (): Promise<number> =>
          isolation === 'process' ? ownMemory(pid) : process.memoryUsage.rss()
        const empty = isolation === 'process' ? 0 : await memory()
        await contender.call('hold', cacheMegabytes)
        await sleep(settle)
        const full = await memory()
        const before = performance.now()
        void contender.end()
        while (performance.now() - before < patience) {
          if (full - (await memory()) >= 0.9 * (full - empty)) return [performance.now() - before]
          await sleep(2)
        }
        return [Infinity]
      },
  },
]

async function warm(contender: Contender, time: number): Promise<Contender> {
  await timesOf(time, () => contender.call('echo', text))
  await callAll(contender, time)
  return contender
}

/** How long each of a series of calls takes, ms. */
async function timesOf(time: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + time
  for (let now = performance.now(); now < end;) {
    await call()
    const then = performance.now()
    times.push(then - now)
    now = then
  }
  return times
}

/** Callers side by side, each of which makes its next call when the last one is answered; how many calls that is. */
async function callAll(contender: Contender, time: number): Promise<number> {
  const end = performance.now() + time
  let calls = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      await contender.call('echo', text)
      calls++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return calls
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN
}
