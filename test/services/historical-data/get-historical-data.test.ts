import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { transferListOf } from '../../../src/channel/transfer-list.ts'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import { buffersOf, rows } from '../../../src/services/historical-data/candles.ts'
import type { Candle } from '../../../src/services/historical-data/candles.ts'
import { INTERVALS, barStart, divides } from '../../../src/services/historical-data/interval.ts'
import type { Interval } from '../../../src/services/historical-data/interval.ts'
import { generateCandles } from '../../../src/services/historical-data/synthetic-candles.ts'
import { DAY, HOUR, MINUTE, candles, open, utc } from './harness.ts'

const T = utc('2024-02-26') // a Monday

/** The plainest way to resample, to compare with. */
function resample(source: readonly Candle[], interval: Interval): Candle[] {
  const groups = Map.groupBy(source, ({ time }) => barStart(interval, time))
  return [...groups].map(([time, group]) => ({
    time,
    open: group[0]!.open,
    high: Math.max(...group.map(({ high }) => high)),
    low: Math.min(...group.map(({ low }) => low)),
    close: group.at(-1)!.close,
    volume: group.reduce((sum, { volume }) => sum + volume, 0),
  }))
}

describe('what is stored', () => {
  test('comes back as columns that each own their buffer, and are marked to be moved', async () => {
    const { api } = await open()
    const stored = candles(T, '1m', 3)
    expect(await api.storeCandles('BTC-USD', '1m', stored)).toEqual({ inserted: 3, updated: 0 })
    const result = await api.getHistoricalData('BTC-USD', T, T + DAY, '1m')
    expect(result).toEqual({
      symbol: 'BTC-USD',
      interval: '1m',
      length: 3,
      time: Float64Array.of(T, T + MINUTE, T + 2 * MINUTE),
      open: Float64Array.of(10, 11, 12),
      high: Float64Array.of(12, 13, 14),
      low: Float64Array.of(9, 10, 11),
      close: Float64Array.of(11, 12, 13),
      volume: Float64Array.of(1, 2, 3),
    })
    expect([...rows(result)]).toEqual(stored)
    const buffers = buffersOf(result)
    expect(new Set(buffers).size).toBe(6)
    expect(buffers.every((buffer) => buffer.byteLength === 3 * 8)).toBe(true)
    expect(transferListOf(result)).toEqual(buffers)
  })

  test('from is inclusive, to is exclusive, and neither need be the start of a bar', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', candles(T, '1m', 10))
    const times = async (from: number, to: number): Promise<number[]> =>
      [...(await api.getHistoricalData('A', from, to, '1m')).time].map((time) => (time - T) / MINUTE)
    expect(await times(T + 2 * MINUTE, T + 5 * MINUTE)).toEqual([2, 3, 4])
    expect(await times(T + 2 * MINUTE + 1, T + 5 * MINUTE + 1)).toEqual([3, 4, 5])
    expect(await times(T + 2 * MINUTE + 0.5, T + 3 * MINUTE + 0.5)).toEqual([3])
    expect(await times(T - DAY, T)).toEqual([])
    expect(await times(T + 10 * MINUTE, T + DAY)).toEqual([])
    expect(await times(T + MINUTE, T + MINUTE)).toEqual([])
    expect(await times(-1e15, 1e15)).toHaveLength(10)
    expect(await times(-Number.MAX_VALUE, Number.MAX_VALUE)).toHaveLength(10)
  })

  test('an unknown symbol gives no bars, at any interval', async () => {
    const { api } = await open()
    const result = await api.getHistoricalData('NOPE', 0, T, '1M')
    expect(result).toMatchObject({ symbol: 'NOPE', interval: '1M', length: 0 })
    expect(result.time).toEqual(new Float64Array(0))
    await api.storeCandles('NOPE', '1d', candles(T, '1d', 1))
    expect((await api.getHistoricalData('NOPE', 0, T + DAY, '1M')).length).toBe(1)
  })

  test('symbols and intervals do not mix', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', candles(T, '1m', 3))
    await api.storeCandles('A', '1d', [{ time: T, open: 500, high: 500, low: 500, close: 500, volume: 5 }])
    await api.storeCandles("A'; DROP TABLE chunk; --", '1m', candles(T, '1m', 1))
    expect((await api.getHistoricalData('A', T, T + DAY, '1m')).length).toBe(3)
    expect((await api.getHistoricalData('A', T, T + DAY, '1d')).open).toEqual(Float64Array.of(500))
    expect((await api.getHistoricalData('a', T, T + DAY, '1m')).length).toBe(0)
    expect(await api.listSymbols()).toEqual([
      { symbol: 'A', interval: '1m', count: 3, from: T, to: T + 3 * MINUTE },
      { symbol: 'A', interval: '1d', count: 1, from: T, to: T + DAY },
      { symbol: "A'; DROP TABLE chunk; --", interval: '1m', count: 1, from: T, to: T + MINUTE },
    ])
  })

  test('candles before 1970 and in several chunks', async () => {
    const { api } = await open()
    const stored = candles(utc('1965-03-01'), '1d', 5000)
    await api.storeCandles('OLD', '1d', stored)
    expect([...rows(await api.getHistoricalData('OLD', utc('1900-01-01'), T, '1d'))]).toEqual(stored)
    expect([...rows(await api.getHistoricalData('OLD', utc('1900-01-01'), T, '1M'))]).toEqual(resample(stored, '1M'))
  })
})

describe('resampling', () => {
  test('open of the first, highest high, lowest low, close of the last, sum of volumes', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', [
      { time: T, open: 10, high: 11, low: 9, close: 10.5, volume: 1 },
      { time: T + 2 * MINUTE, open: 20, high: 25, low: 19, close: 21, volume: 2 },
      { time: T + 4 * MINUTE, open: 5, high: 6, low: 4, close: 5.5, volume: 4 },
      { time: T + 5 * MINUTE, open: 7, high: 8, low: 6, close: 7.5, volume: 8 },
    ])
    expect([...rows(await api.getHistoricalData('A', T, T + HOUR, '5m'))]).toEqual([
      { time: T, open: 10, high: 25, low: 4, close: 5.5, volume: 7 },
      { time: T + 5 * MINUTE, open: 7, high: 8, low: 6, close: 7.5, volume: 8 },
    ])
  })

  test('weeks start on Monday and months on the 1st, over leap days and the turn of the year', async () => {
    const { api } = await open()
    const stored = candles(utc('2023-12-28'), '1d', 70)
    await api.storeCandles('A', '1d', stored)
    const times = async (interval: Interval): Promise<string[]> => {
      const { time } = await api.getHistoricalData('A', utc('2023-12-28'), utc('2024-03-07'), interval)
      return [...time].map((each) => new Date(each).toISOString().slice(0, 10))
    }
    expect(await times('1M')).toEqual(['2023-12-01', '2024-01-01', '2024-02-01', '2024-03-01'])
    const weeks = await times('1w')
    expect(weeks.slice(0, 2)).toEqual(['2023-12-25', '2024-01-01'])
    expect(weeks.at(-1)).toBe('2024-03-04')
    expect(weeks).toHaveLength(11)
    const months = await api.getHistoricalData('A', utc('2024-01-01'), utc('2024-03-01'), '1M')
    expect([...months.volume]).toEqual([
      stored.slice(4, 35).reduce((sum, { volume }) => sum + volume, 0),
      stored.slice(35, 64).reduce((sum, { volume }) => sum + volume, 0),
    ])
  })

  test('the days on which clocks are put forward or back have 24 hours', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1h', candles(utc('2024-03-31'), '1h', 48))
    const days = await api.getHistoricalData('A', utc('2024-03-31'), utc('2024-04-02'), '1d')
    expect([...days.open]).toEqual([10, 34])
  })

  test('a gap has no bars', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', [...candles(T, '1m', 3), ...candles(T + 5 * HOUR, '1m', 3)])
    const hours = await api.getHistoricalData('A', T, T + DAY, '1h')
    expect([...hours.time]).toEqual([T, T + 5 * HOUR])
  })

  test('bars at the ends of the range are partial: made of candles in the range only', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', candles(T, '1m', 180))
    const hours = await api.getHistoricalData('A', T + 30 * MINUTE, T + 130 * MINUTE, '1h')
    expect([...rows(hours)]).toEqual(resample(candles(T, '1m', 180).slice(30, 130), '1h'))
    expect([...hours.time]).toEqual([T, T + HOUR, T + 2 * HOUR])
    expect(hours.open[0]).toBe(40)
    expect(hours.close[2]).toBe(140)
  })

  test('the coarsest interval is preferred to one it could be built from', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', candles(T, '1m', 60))
    expect((await api.getHistoricalData('A', T, T + HOUR, '1h')).open[0]).toBe(10)
    await api.storeCandles('A', '1h', [{ time: T, open: 99, high: 99, low: 99, close: 99, volume: 1 }])
    expect((await api.getHistoricalData('A', T, T + HOUR, '1h')).open[0]).toBe(99)
    expect((await api.getHistoricalData('A', T, T + HOUR, '4h')).open[0]).toBe(99)
  })

  test('any range at any interval is what grouping the stored candles gives', async () => {
    const { api } = await open({ maxCacheSize: 100_000 })
    const made = generateCandles({
      seed: 7,
      count: 20_000,
      interval: '15m',
      start: utc('2023-11-05'),
      volatility: 0.01,
    })
    // A few gaps, long and short.
    const stored = [...rows(made)].filter((_, i) => i % 7 !== 0 && !(i > 4000 && i < 9000))
    await api.storeCandles('A', '15m', stored)
    const coarser = INTERVALS.filter((interval) => divides('15m', interval))
    const offset = fc.integer({ min: -1000, max: 21_000 * 15 })
    const queries = fc.tuple(offset, offset, fc.constantFrom(...coarser))
    await fc.assert(
      fc.asyncProperty(queries, async ([a, b, interval]) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)].map((minutes) => utc('2023-11-05') + minutes * MINUTE)
        const expected = resample(
          stored.filter(({ time }) => time >= from! && time < to!),
          interval,
        )
        // The second answer may come from the cache.
        for (const _ of ['first', 'second']) {
          expect([...rows(await api.getHistoricalData('A', from!, to!, interval))]).toEqual(expected)
        }
      }),
      { numRuns: 50 },
    )
    expect(api.getCacheStats().hits).toBeGreaterThan(0)
    expect(api.getCacheStats().bytes).toBeLessThanOrEqual(100_000)
  })

  test('on ranges of whole bars, going by way of a finer interval changes nothing', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', generateCandles({ seed: 3, count: 40_000, start: T, interval: '1m' }))
    const steps = INTERVALS.flatMap((middle) =>
      INTERVALS.filter((end) => middle !== '1m' && middle !== end && divides(middle, end)).map(
        (end) => [middle, end] as const,
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...steps), fc.nat(30), fc.nat(30), async ([middle, end], a, b) => {
        const from = barStart(end, T + Math.min(a, b) * DAY)
        const to = barStart(end, T + Math.max(a, b) * DAY)
        const direct = await api.getHistoricalData('A', from, to, end)
        const by = `A by way of ${middle}`
        await api.storeCandles(
          by,
          middle,
          await api.getHistoricalData('A', utc('2024-01-01'), utc('2025-01-01'), middle),
        )
        const indirect = await api.getHistoricalData(by, from, to, end)
        expect({ ...indirect, symbol: 'A' }).toEqual(direct)
      }),
      { numRuns: 40 },
    )
  })
})

describe('what cannot be asked', () => {
  test.each([
    ['symbol', ['', 0, 1, '1d']],
    ['symbol', ['  ', 0, 1, '1d']],
    ['symbol', [undefined, 0, 1, '1d']],
    ['symbol', ['x'.repeat(129), 0, 1, '1d']],
    // SQLite would make one symbol of all such.
    ['symbol', ['A\ud800', 0, 1, '1d']],
    ['from', ['A', Number.NaN, 1, '1d']],
    ['from', ['A', -Infinity, 1, '1d']],
    ['from', ['A', new Date(0), 1, '1d']],
    ['from', ['A', 2, 1, '1d']],
    ['to', ['A', 0, Number.NaN, '1d']],
    ['to', ['A', 0, undefined, '1d']],
    ['to', ['A', 0, '2024-01-01', '1d']],
    ['interval', ['A', 0, 1, '1s']],
    ['interval', ['A', 0, 1, undefined]],
  ])('a bad %s is named', async (option, args) => {
    const { api } = await open()
    const asked = api.getHistoricalData(...(args as Parameters<typeof api.getHistoricalData>))
    const error: unknown = await asked.catch((e: unknown) => e)
    expect(isInvalidOptionsError(error) && error.option).toBe(option)
  })

  test('an unknown interval is answered with those there are', async () => {
    const { api } = await open()
    await expect(api.getHistoricalData('A', 0, 1, '2h' as Interval)).rejects.toThrow(
      /1m, 5m, 15m, 1h, 4h, 1d, 1w, 1M, got "2h"/,
    )
  })

  test('an interval finer than what is stored, or weeks to months, says what there is', async () => {
    const { api } = await open()
    await api.storeCandles('D', '1d', candles(T, '1d', 3))
    await api.storeCandles('W', '1w', candles(T, '1w', 3))
    await expect(api.getHistoricalData('D', T, T + DAY, '1m')).rejects.toThrow(
      'expected one of 1d, 1w, 1M, as D is stored at 1d, got "1m"',
    )
    await expect(api.getHistoricalData('W', T, T + DAY, '1M')).rejects.toThrow(
      'one of 1w, as W is stored at 1w, got "1M"',
    )
    await expect(api.getLatestData('D', '4h')).rejects.toSatisfy(isInvalidOptionsError)
  })
})

describe('the latest bar', () => {
  test('at the finest stored interval, or the one asked for', async () => {
    const { api } = await open()
    expect(await api.getLatestData('A')).toBeNull()
    expect(await api.getLatestData('A', '1d')).toBeNull()
    await api.storeCandles('A', '1d', candles(T, '1d', 2))
    expect(await api.getLatestData('A')).toEqual(candles(T, '1d', 2)[1])
    const minutes = candles(T, '1m', 90)
    await api.storeCandles('A', '1m', minutes)
    expect(await api.getLatestData('A')).toEqual(minutes.at(-1))
    expect(await api.getLatestData('A', '1h')).toEqual(resample(minutes, '1h').at(-1))
    expect(await api.getLatestData('A', '1d')).toEqual(candles(T, '1d', 2)[1])
    expect(await api.getLatestData('A', '1M')).toEqual(resample(candles(T, '1d', 2), '1M')[0])
  })

  test('moves on with what is stored', async () => {
    const { api } = await open()
    const stored = candles(T, '1m', 2000)
    await api.storeCandles('A', '1m', stored.slice(0, 1500))
    expect(await api.getLatestData('A', '1m')).toEqual(stored[1499])
    await api.storeCandles('A', '1m', stored.slice(1500))
    expect(await api.getLatestData('A', '1m')).toEqual(stored[1999])
    await api.storeCandles('A', '1m', candles(T - DAY, '1m', 5))
    expect(await api.getLatestData('A', '1m')).toEqual(stored[1999])
  })
})
