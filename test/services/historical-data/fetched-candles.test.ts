import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import { parseCandleConnectorConfig } from '../../../src/services/historical-data/candle-connector.ts'
import type { FetchCandles } from '../../../src/services/historical-data/candle-connector.ts'
import { parseCandles } from '../../../src/services/historical-data/candle-input.ts'
import { CandleStore } from '../../../src/services/historical-data/candle-store.ts'
import type { Candle } from '../../../src/services/historical-data/candles.ts'
import { openDatabase } from '../../../src/services/historical-data/database.ts'
import { FetchedCandles } from '../../../src/services/historical-data/fetched-candles.ts'
import { barEnd } from '../../../src/services/historical-data/interval.ts'
import type { Interval } from '../../../src/services/historical-data/interval.ts'
import { parsePrefetch, runPrefetch } from '../../../src/services/historical-data/prefetch.ts'
import { readBars } from '../../../src/services/historical-data/read-bars.ts'
import { DAY, HOUR, MINUTE, candles, drain, tempDir, utc } from './harness.ts'

const T = utc('2024-03-01')

interface Call {
  symbol: string
  interval: Interval
  since: number
  limit: number
}

interface Setup {
  fetched: FetchedCandles
  store: CandleStore
  calls: Call[]
  /** What the source has; changed by the tests. */
  market: { has: (time: number) => boolean; error: unknown; hold: Promise<void> | undefined }
  clock: { now: number }
  times: (from: number, to: number, interval?: Interval) => number[]
  /** The same database, opened again. */
  again: () => FetchedCandles
}

function setUp(config: { maxCandles?: number; emptyMaxAge?: number; pageSize?: number } = {}): Setup {
  const path = join(tempDir(), 'candles.db')
  const db = openDatabase(path, false)
  onTestFinished(() => db.close())
  const store = new CandleStore(db)
  const calls: Call[] = []
  const clock = { now: T + 365 * DAY }
  const market: Setup['market'] = { has: () => true, error: undefined, hold: undefined }
  const fetch: FetchCandles = async (symbol, interval, since, limit) => {
    calls.push({ symbol, interval, since, limit })
    await market.hold
    // oxlint-disable-next-line typescript/only-throw-error -- what a connector throws is its own to say
    if (market.error) throw market.error
    const found: Candle[] = []
    for (let time = since; found.length < limit && time < clock.now; time = barEnd(interval, time)) {
      if (market.has(time)) found.push(...candles(time, interval, 1))
    }
    return parseCandles(found, interval)
  }
  const open = (): FetchedCandles =>
    new FetchedCandles(parseCandleConnectorConfig({ component: 'x', pageSize: 100, ...config }), db, store, {
      fetch,
      epoch: () => clock.now,
      retry: async (attempt) => attempt(),
      onWritten: () => {},
    })
  const times = (from: number, to: number, interval: Interval = '1m'): number[] => [
    ...readBars(store, { symbol: 'A', from, to, interval }).time,
  ]
  return { fetched: open(), store, calls, market, clock, times, again: open }
}

const minutes = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i * MINUTE)
const query = (
  from: number,
  to: number,
  interval: Interval = '1m',
): { symbol: string; from: number; to: number; interval: Interval } => ({
  symbol: 'A',
  from,
  to,
  interval,
})

describe('what is missing is fetched', () => {
  test('page by page, stored, and not fetched again', async () => {
    const { fetched, calls, times, again } = setUp()
    await fetched.complete(query(T, T + 250 * MINUTE))
    expect(times(T, T + 250 * MINUTE)).toEqual(minutes(T, 250))
    expect(calls).toEqual(
      [0, 100, 200].map((i) => ({ symbol: 'A', interval: '1m', since: T + i * MINUTE, limit: Math.min(100, 250 - i) })),
    )
    await fetched.complete(query(T + 10 * MINUTE, T + 20 * MINUTE))
    await again().complete(query(T, T + 250 * MINUTE))
    expect(calls).toHaveLength(3)
  })

  test('between, before and after what is stored, and nothing else', async () => {
    const { fetched, store, calls, times } = setUp()
    store.write(
      'A',
      '1m',
      parseCandles([...candles(T + 10 * MINUTE, '1m', 5), ...candles(T + 20 * MINUTE, '1m', 5)], '1m'),
    )
    await fetched.complete(query(T, T + 30 * MINUTE))
    expect(calls.map(({ since, limit }) => [(since - T) / MINUTE, limit])).toEqual([
      [0, 10],
      [15, 5],
      [25, 5],
    ])
    expect(times(T, T + 30 * MINUTE)).toEqual(minutes(T, 30))
  })

  test('as whole bars that start in the range', async () => {
    const { fetched, calls } = setUp()
    await fetched.complete(query(T + 1, T + 2 * HOUR + 1, '1h'))
    expect(calls).toEqual([{ symbol: 'A', interval: '1h', since: T + HOUR, limit: 2 }])
    await fetched.complete(query(T + 5 * HOUR + 1, T + 6 * HOUR, '1h'))
    expect(calls).toHaveLength(1)
  })

  test('by months and weeks as well, which are of different lengths', async () => {
    const { fetched, calls, times } = setUp({ pageSize: 1_000 })
    await fetched.complete(query(utc('2023-01-15'), utc('2023-12-31'), '1M'))
    expect(times(utc('2023-01-01'), utc('2024-01-01'), '1M')).toHaveLength(11)
    const before = calls.length
    await fetched.complete(query(utc('2023-01-15'), utc('2023-12-31'), '1M'))
    expect(calls).toHaveLength(before)
  })

  test('only where bars are over: the one under way would be stored half done', async () => {
    const { fetched, calls, clock, times } = setUp()
    clock.now = T + 5 * MINUTE + 30_000
    await fetched.complete(query(T, T + HOUR))
    expect(calls).toEqual([{ symbol: 'A', interval: '1m', since: T, limit: 5 }])
    clock.now += MINUTE
    await fetched.complete(query(T, T + HOUR))
    expect(calls.slice(1)).toEqual([{ symbol: 'A', interval: '1m', since: T + 5 * MINUTE, limit: 1 }])
    expect(times(T, T + HOUR)).toEqual(minutes(T, 6))
    await fetched.complete(query(clock.now + HOUR, clock.now + 2 * HOUR))
    expect(calls).toHaveLength(2)
  })

  test('at the interval asked for, and only the bars that finer candles do not cover', async () => {
    const { fetched, store, calls } = setUp()
    store.write('A', '1m', parseCandles(candles(T, '1m', 120), '1m'))
    await fetched.complete(query(T, T + 2 * HOUR, '1h'))
    expect(calls).toEqual([])
    await fetched.complete(query(T, T + 3 * HOUR, '1h'))
    expect(calls).toEqual([{ symbol: 'A', interval: '1h', since: T + 2 * HOUR, limit: 1 }])
  })

  test('whole where finer candles cover half of a bar, by several intervals between them where they do', async () => {
    const { fetched, store, calls, times } = setUp()
    store.write('A', '1h', parseCandles([...candles(T, '1h', 12), ...candles(T + DAY, '1h', 12)], '1h'))
    store.write('A', '15m', parseCandles(candles(T + 12 * HOUR, '15m', 48), '15m'))
    await fetched.complete(query(T, T + 3 * DAY, '1d'))
    expect(calls).toEqual([{ symbol: 'A', interval: '1d', since: T + DAY, limit: 2 }])
    expect(times(T, T + 3 * DAY, '1d')).toEqual([T, T + DAY, T + 2 * DAY])
    await fetched.complete(query(T, T + 3 * DAY, '1d'))
    expect(
      await drain(runPrefetch(fetched.filler, parsePrefetch(['A'], '1d', { from: T, to: T + 3 * DAY }, 0))),
    ).toEqual([expect.objectContaining({ state: 'done', missing: 0, fetched: 0 })])
    expect(calls).toHaveLength(1)
  })

  test('also of a time of which it is only known that there are no finer ones', async () => {
    const { fetched, store, calls, market } = setUp()
    store.write('A', '1h', parseCandles(candles(T + 5 * DAY, '1h', 24), '1h'))
    market.has = () => false
    await fetched.complete(query(T, T + 6 * DAY, '1h'))
    market.has = () => true
    const { length } = calls
    await fetched.complete(query(T, T + 6 * DAY, '1d'))
    expect(calls.slice(length)).toEqual([{ symbol: 'A', interval: '1d', since: T, limit: 5 }])
  })

  test('up to a bound, which is named', async () => {
    const { fetched, calls } = setUp({ maxCandles: 60 })
    const error: unknown = await fetched.complete(query(T, T + 61 * MINUTE)).catch((e: unknown) => e)
    expect(isInvalidOptionsError(error) && [error.option, error.expected]).toEqual([
      'from',
      'a time that leaves at most 60 1m candles to be fetched; prefetch() fetches more',
    ])
    expect(calls).toEqual([])
    await fetched.complete(query(T, T + 60 * MINUTE))
    expect(calls).toHaveLength(1)
  })
})

describe('one fetch for each gap', () => {
  test('however many ask for it at a time', async () => {
    const { fetched, calls, market } = setUp()
    const gate = Promise.withResolvers<void>()
    market.hold = gate.promise
    const all = Promise.all(
      Array.from({ length: 50 }, async (_, i) => fetched.complete(query(T + (i % 5) * MINUTE, T + 50 * MINUTE))),
    )
    await expect.poll(() => calls.length).toBeGreaterThan(0)
    gate.resolve()
    await all
    const asked = calls.flatMap(({ since, limit }) => minutes(since, limit))
    expect(asked.toSorted((a, b) => a - b)).toEqual(minutes(T, 50))
  })

  test('of what overlaps only the rest is fetched besides, and both wait for both', async () => {
    const { fetched, calls, market, times } = setUp()
    const gate = Promise.withResolvers<void>()
    market.hold = gate.promise
    const first = fetched.complete(query(T, T + 10 * MINUTE))
    await expect.poll(() => calls.length).toBe(1)
    const second = fetched.complete(query(T + 5 * MINUTE, T + 20 * MINUTE))
    await expect.poll(() => calls.length).toBe(2)
    expect(calls[1]).toMatchObject({ since: T + 10 * MINUTE, limit: 10 })
    gate.resolve()
    await second
    expect(times(T + 5 * MINUTE, T + 20 * MINUTE)).toHaveLength(15)
    await first
  })

  test('all who wait are told of its failure, and the next one tries again; what came before it is kept', async () => {
    const { fetched, calls, market, times } = setUp()
    market.error = new Error('the exchange is down')
    const results = await Promise.allSettled([1, 2, 3].map(async () => fetched.complete(query(T, T + 10 * MINUTE))))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(calls).toHaveLength(1)
    market.error = undefined
    await fetched.complete(query(T, T + 10 * MINUTE))
    expect(times(T, T + 10 * MINUTE)).toHaveLength(10)
  })
})

describe('where the source has nothing', () => {
  const noHour = (time: number): boolean => time < T + HOUR || time >= T + 2 * HOUR

  test('it is not asked again, by another process neither, until the hole is too old', async () => {
    const { fetched, calls, market, clock, times, again } = setUp({ emptyMaxAge: DAY })
    market.has = noHour
    await fetched.complete(query(T, T + 3 * HOUR))
    expect(times(T, T + 3 * HOUR)).toHaveLength(120)
    const { length } = calls
    await fetched.complete(query(T, T + 3 * HOUR))
    await fetched.complete(query(T + HOUR, T + 2 * HOUR))
    await again().complete(query(T + HOUR + 10 * MINUTE, T + 2 * HOUR))
    expect(calls).toHaveLength(length)
    clock.now += DAY - 1
    await fetched.complete(query(T, T + 3 * HOUR))
    expect(calls).toHaveLength(length)
    clock.now += 1
    market.has = () => true
    await fetched.complete(query(T, T + 3 * HOUR))
    expect(calls.slice(length)).toEqual([{ symbol: 'A', interval: '1m', since: T + HOUR, limit: 60 }])
    expect(times(T, T + 3 * HOUR)).toHaveLength(180)
  })

  test('before its first candle it has none: what comes after is found', async () => {
    const { fetched, calls, market, times } = setUp()
    market.has = (time) => time >= T + 30 * DAY
    await fetched.complete(query(T, T + 60 * DAY, '1d'))
    expect(times(T, T + 60 * DAY, '1d')).toHaveLength(30)
    const { length } = calls
    await fetched.complete(query(T, T + 60 * DAY, '1d'))
    expect(calls).toHaveLength(length)
  })

  test('what was missing of the last minutes may only be late: it is asked for again soon', async () => {
    const { fetched, calls, market, clock, times } = setUp()
    clock.now = T + 10 * MINUTE
    market.has = (time) => time < T + 9 * MINUTE
    await fetched.complete(query(T, T + 10 * MINUTE))
    expect(times(T, T + 10 * MINUTE)).toHaveLength(9)
    const { length } = calls
    market.has = () => true
    clock.now += 1_000
    await fetched.complete(query(T, T + 10 * MINUTE))
    expect(calls).toHaveLength(length + 1)
    expect(times(T, T + 10 * MINUTE)).toHaveLength(10)
  })

  test('part of a hole that is asked for again does not make the rest of it younger', async () => {
    const { fetched, calls, market, clock } = setUp({ emptyMaxAge: DAY })
    market.has = () => false
    await fetched.complete(query(T, T + HOUR))
    clock.now += DAY
    await fetched.complete(query(T, T + 10 * MINUTE))
    const { length } = calls
    await fetched.complete(query(T, T + HOUR))
    expect(calls.slice(length)).toEqual([{ symbol: 'A', interval: '1m', since: T + 10 * MINUTE, limit: 50 }])
  })
})

describe('prefetch', () => {
  test('reports each page of each symbol; a symbol that fails does not stop the others', async () => {
    const { fetched, calls, market, clock } = setUp()
    market.has = (time) => time >= T + 50 * MINUTE
    const order = parsePrefetch(
      ['A', 'bad', 'B', 'A'],
      '1m',
      { from: T, to: T + 250 * MINUTE, concurrency: 1 },
      clock.now,
    )
    const reports = []
    for await (const report of runPrefetch(fetched.filler, order)) {
      reports.push(report)
      market.error = report.symbol === 'A' && report.state === 'done' ? new TypeError('no such symbol') : undefined
    }
    expect(reports.map(({ symbol, state, fetched: count, completed }) => [symbol, state, count, completed])).toEqual([
      ['A', 'fetching', 100, 0],
      ['A', 'fetching', 200, 0],
      ['A', 'done', 200, 1],
      ['bad', 'failed', 0, 2],
      ['B', 'fetching', 100, 2],
      ['B', 'fetching', 200, 2],
      ['B', 'done', 200, 3],
    ])
    expect(reports[0]).toMatchObject({ interval: '1m', missing: 250, total: 3 })
    expect(reports[3]).toMatchObject({ error: { code: undefined, name: 'TypeError', message: 'no such symbol' } })
    const { length } = calls
    expect(await drain(runPrefetch(fetched.filler, { ...order, symbols: ['A'] }))).toMatchObject([
      { symbol: 'A', state: 'done', missing: 0, fetched: 0, completed: 1, total: 1 },
    ])
    expect(calls).toHaveLength(length)
  })

  test('reports a failure whatever was thrown', async () => {
    const { fetched, market, clock } = setUp()
    market.error = Object.create(null)
    const order = parsePrefetch(['A', 'B'], '1h', { from: T, to: T + DAY }, clock.now)
    const reports = await drain(runPrefetch(fetched.filler, order))
    expect(reports).toMatchObject([
      { state: 'failed', error: { message: '[Object: null prototype] {}' } },
      { state: 'failed', error: { message: '[Object: null prototype] {}' } },
    ])
  })

  test('broken off, starts no further symbols', async () => {
    const { fetched, calls, clock } = setUp()
    const symbols = Array.from({ length: 20 }, (_, i) => `S${i}`)
    const order = parsePrefetch(symbols, '1h', { from: T, to: T + DAY, concurrency: 2 }, clock.now)
    for await (const { symbol } of runPrefetch(fetched.filler, order)) {
      expect(['S0', 'S1']).toContain(symbol)
      break
    }
    await fetched.complete(query(T, T + HOUR))
    expect(new Set(calls.map(({ symbol }) => symbol)).size).toBeLessThan(10)
  })

  test('of no symbols is over at once; without a range it is the last 1,000 bars', async () => {
    const { fetched, clock } = setUp()
    expect(await drain(runPrefetch(fetched.filler, parsePrefetch([], '1m', {}, clock.now)))).toEqual([])
    expect(parsePrefetch(['A'], '1h', {}, clock.now)).toMatchObject({
      range: { start: clock.now - 1_000 * HOUR, end: clock.now },
      concurrency: 4,
    })
  })

  test.each([
    ['symbols', ['A' as unknown as string[], '1m', {}]],
    ['symbol', [[''], '1m', {}]],
    ['interval', [['A'], '2m', {}]],
    ['from', [['A'], '1m', { from: 2, to: 1 }]],
    ['to', [['A'], '1m', { to: Number.NaN }]],
    ['concurrency', [['A'], '1m', { concurrency: 0 }]],
  ] as const)('names a bad argument: %s', (option, [symbols, interval, options]) => {
    expect(() => parsePrefetch(symbols, interval, options, T)).toThrow(
      expect.toSatisfy((error) => isInvalidOptionsError(error) && error.option === option),
    )
  })
})
