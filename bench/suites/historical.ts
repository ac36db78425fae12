import { setTimeout as sleep } from 'node:timers/promises'
import { callsWithin, timesOf } from '../harness/repeat.ts'
import { quantile } from '../harness/statistics.ts'
import type { Case, Contender, Figure, Round, Setup, Suite } from '../harness/suite.ts'
import type { OpenReader, Query, Reader } from '../historical/reader.ts'

const inFlight = 16
/** ms between two times at which so many ask at once, as requests do. */
const pause = 50

const one = (id: string, title: string): Figure => ({ id, title, unit: 'µs', better: 'less' })

async function prepared(open: OpenReader): Promise<Reader> {
  const { makeMarket } = await import('../historical/market.ts')
  return open(await makeMarket())
}

/** A query never asked before, and one that is asked again and again: one at a time, and so many at once. */
async function queries(open: OpenReader, shape: 'day' | 'month', { time }: Setup): Promise<Round> {
  const { queries } = await import('../historical/market.ts')
  const reader = await prepared(open)
  let count = 0
  const cold = async (): Promise<unknown> => reader.read(queries[shape](count++))
  const cached = async (): Promise<unknown> => reader.read(queries[shape](0))
  const median = async (query: () => Promise<unknown>): Promise<number> => {
    await reader.clearCache()
    // The first ones fill the cache.
    await timesOf(time / 4, query)
    return 1_000 * quantile(await timesOf(time, query), 0.5)
  }
  const each = async (query: () => Promise<unknown>): Promise<number> => {
    await reader.clearCache()
    const start = performance.now()
    const calls = await callsWithin(time, inFlight, query)
    return (1_000 * (performance.now() - start)) / calls
  }
  await median(cold)
  return async () => [await median(cold), await median(cached), await each(cold), await each(cached)]
}

/** What else wants the main thread while months are asked for. */
async function loop(open: OpenReader, { time }: Setup): Promise<Round> {
  const { queries } = await import('../historical/market.ts')
  const { LoopProbe } = await import('../historical/loop-probe.ts')
  const reader = await prepared(open)
  const probe = new LoopProbe()
  let count = 0
  const ask = async (query: () => Query): Promise<number> => {
    const end = performance.now() + 6 * time
    probe.take()
    while (performance.now() < end) {
      const next = sleep(pause)
      await Promise.all(Array.from({ length: inFlight }, async () => reader.read(query())))
      await next
    }
    return probe.take()
  }
  await ask(() => queries.month(count++))
  return async () => {
    await reader.clearCache()
    return [await ask(() => queries.month(count++)), await ask(() => queries.day(count++))]
  }
}

function contendersOf(measure: (open: OpenReader, setup: Setup) => Promise<Round>): Contender[] {
  return (['spillway', 'direct', 'worker'] as const).map((name) => ({
    name,
    measure: async (setup) => measure((await import('../historical/readers.ts'))[name], setup),
  }))
}

function caseOf(shape: 'day' | 'month', title: string): Case {
  return {
    id: shape,
    title,
    figures: [
      one('cold', 'cold, p50'),
      one('cached', 'cached, p50'),
      one('cold-flight', `cold, ${inFlight} in flight, each`),
      one('cached-flight', `cached, ${inFlight} in flight, each`),
    ],
    contenders: contendersOf((open, setup) => queries(open, shape, setup)),
    base: 'direct',
    rounds: 7,
    quickRounds: 1,
    targets: ['cold', 'cached'].map((figure) => ({ figure, against: 'direct', most: 1.1 })),
  }
}

const cases: readonly Case[] = [
  caseOf('day', 'a day of 1,440 minutes, of a million'),
  caseOf('month', '30 days as 720 hours'),
  {
    id: 'loop',
    title: `the main thread while ${inFlight} ask at once, every ${pause} ms`,
    figures: [
      { id: 'month', title: 'p99 delay, 30 days', unit: 'ms', better: 'less' },
      { id: 'day', title: 'p99 delay, a day', unit: 'ms', better: 'less' },
    ],
    contenders: contendersOf(loop),
    base: 'direct',
    rounds: 5,
    quickRounds: 1,
    targets: [{ figure: 'month', against: 'direct', most: 1 / 20 }],
  },
]

export default { title: 'historical data: in a component, and in the main thread', cases } satisfies Suite
