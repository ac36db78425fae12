import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rows } from '../../../src/services/historical-data/candles.ts'
import type { Candle } from '../../../src/services/historical-data/candles.ts'
import { INTERVALS, barEnd, barStart, divides } from '../../../src/services/historical-data/interval.ts'
import type { Interval } from '../../../src/services/historical-data/interval.ts'
import { DAY, HOUR, MINUTE, candles, open, utc } from './harness.ts'

const T = utc('2024-01-01') // a Monday

describe('a coarser bar that is stored hides nothing', () => {
  test('of the month before, which finer candles cover', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1m', candles(T, '1m', 30 * 24 * 60))
    const january = await api.getHistoricalData('A', T, T + 30 * DAY, '1d')
    expect(january.length).toBe(30)
    await api.storeCandles('A', '1d', candles(utc('2024-02-01'), '1d', 29))
    expect([...rows(await api.getHistoricalData('A', T, T + 30 * DAY, '1d'))]).toEqual([...rows(january)])
    expect((await api.getHistoricalData('A', T, utc('2024-03-01'), '1d')).length).toBe(59)
    expect((await api.getHistoricalData('A', T, utc('2024-03-01'), '1M')).length).toBe(2)
    expect(await api.getLatestData('A', '1d')).toMatchObject({ time: utc('2024-02-29') })
  })

  test('of what came since: the latest bar is made of the latest candles', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1d', candles(T, '1d', 2))
    await api.storeCandles('A', '1m', candles(T + 5 * DAY, '1m', 90))
    expect(await api.getLatestData('A', '1d')).toMatchObject({ time: T + 5 * DAY, close: 11 + 89 })
    expect(await api.getLatestData('A', '1w')).toMatchObject({ time: T, open: 10, close: 11 + 89 })
  })

  test('of the rest of a bar that coarser candles cover half', async () => {
    const { api } = await open()
    await api.storeCandles('A', '4h', candles(T, '4h', 3))
    await api.storeCandles('A', '1m', candles(T + 12 * HOUR, '1m', 12 * 60))
    const [day] = rows(await api.getHistoricalData('A', T, T + DAY, '1d'))
    expect(day).toEqual({ time: T, open: 10, high: 12 + 719, low: 9, close: 11 + 719, volume: 6 + (720 * 721) / 2 })
  })

  test('of a month that begins within a week: weeks are no part of months', async () => {
    const { api } = await open()
    await api.storeCandles('A', '1w', candles(T, '1w', 9))
    await api.storeCandles('A', '1d', candles(T, '1d', 60))
    const months = await api.getHistoricalData('A', T, utc('2024-03-01'), '1M')
    expect([...months.open]).toEqual([10, 41])
  })
})

test('where a range ends within a bar nothing of what comes after shows in it, as far as finer candles tell', async () => {
  const { api } = await open()
  await api.storeCandles('A', '4h', candles(T, '4h', 6))
  await api.storeCandles('A', '1m', candles(T + 4 * HOUR, '1m', 240))
  const until = async (to: number): Promise<number> =>
    (await api.getHistoricalData('A', T, to, '1d')).volume[0] ?? Number.NaN
  // One bar of 4 h, and ten minutes of the next.
  expect(await until(T + 4 * HOUR + 10 * MINUTE)).toBe(1 + 55)
  // Of the third one there is nothing finer.
  expect(await until(T + 8 * HOUR + 10 * MINUTE)).toBe(1 + 2 + 3)
})

test('finer candles of other days, before and after, take no coarse one away', async () => {
  const { api } = await open()
  await api.storeCandles('A', '4h', candles(T, '4h', 3))
  const volume = async (): Promise<number | undefined> =>
    (await api.getHistoricalData('A', T, T + 10 * HOUR, '1d')).volume[0]
  expect(await volume()).toBe(1 + 2 + 3)
  await api.storeCandles('A', '1h', [...candles(T - 30 * HOUR, '1h', 1), ...candles(T + 30 * HOUR, '1h', 1)])
  expect(await volume()).toBe(1 + 2 + 3)
})

test('nor does it in a bar of the interval that was asked for', async () => {
  const { api } = await open()
  const until = async (to: number): Promise<number> =>
    (await api.getHistoricalData('A', T, to, '5m')).volume[0] ?? Number.NaN
  await api.storeCandles('A', '5m', [{ time: T, open: 1, high: 9, low: 1, close: 9, volume: 99 }])
  expect(await until(T + 2 * MINUTE), 'nothing finer is stored').toBe(99)
  await api.storeCandles('A', '1m', candles(T, '1m', 5))
  expect(await until(T + 2 * MINUTE)).toBe(1 + 2)
  expect(await until(T + 5 * MINUTE)).toBe(99)
})

/**
 * Candle by candle, coarsest first: one counts unless a coarser one that counts has its time, or it reaches past the end and there is a finer one
 * in its time.
 */
function chosen(
  stored: ReadonlyMap<Interval, readonly Candle[]>,
  wanted: Interval,
  from: number,
  to: number,
): Candle[] {
  const taken: { candle: Candle; end: number }[] = []
  const intervals = INTERVALS.filter((interval) => divides(interval, wanted))
  for (const interval of intervals.toReversed()) {
    const coarser = [...taken]
    const finer = intervals
      .slice(0, intervals.indexOf(interval))
      .filter((other) => divides(other, interval))
      .flatMap((other) => stored.get(other) ?? [])
    for (const candle of stored.get(interval) ?? []) {
      const { time } = candle
      if (time < from || time >= to) continue
      if (barEnd(interval, time) > to && finer.some((other) => other.time >= time && other.time < to)) continue
      if (coarser.some((other) => other.candle.time <= time && time < other.end)) continue
      taken.push({ candle, end: barEnd(interval, time) })
    }
  }
  return taken.map(({ candle }) => candle).toSorted((a, b) => a.time - b.time)
}

function group(source: readonly Candle[], interval: Interval): Candle[] {
  return [...Map.groupBy(source, ({ time }) => barStart(interval, time))].map(([time, each]) => ({
    time,
    open: each[0]!.open,
    high: Math.max(...each.map(({ high }) => high)),
    low: Math.min(...each.map(({ low }) => low)),
    close: each.at(-1)!.close,
    volume: each.reduce((sum, { volume }) => sum + volume, 0),
  }))
}

test('whatever is stored at whatever intervals, each part is of the coarsest that has it', async () => {
  const piece = fc.record({
    interval: fc.constantFrom<Interval>('15m', '1h', '4h', '1d', '1w', '1M'),
    at: fc.nat({ max: 60 * 24 }),
    count: fc.integer({ min: 1, max: 60 }),
  })
  let symbols = 0
  const { api } = await open()
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { minLength: 1, maxLength: 8 }),
      fc.constantFrom<Interval>('15m', '1h', '4h', '1d', '1w', '1M'),
      fc.nat({ max: 60 }),
      fc.nat({ max: 90 }),
      fc.constantFrom(0, 15 * MINUTE, 10 * HOUR, 3 * DAY + 5 * HOUR),
      async (pieces, wanted, first, days, past) => {
        const symbol = `S${symbols++}`
        const stored = new Map<Interval, Candle[]>()
        const from = barStart(wanted, T + first * DAY)
        const to = barStart(wanted, from + days * DAY) + past
        for (const { interval, at, count } of pieces) {
          const made = candles(barStart(interval, T + at * HOUR), interval, count)
          // Asked in between too: what is cached must not be kept for longer than it is true.
          if (stored.has(wanted)) await api.getHistoricalData(symbol, from, to, wanted)
          await api.storeCandles(symbol, interval, made)
          const times = new Set(made.map(({ time }) => time))
          const kept = (stored.get(interval) ?? []).filter(({ time }) => !times.has(time))
          stored.set(
            interval,
            [...kept, ...made].toSorted((a, b) => a.time - b.time),
          )
        }
        if (![...stored.keys()].some((interval) => divides(interval, wanted))) return
        const bars = [...rows(await api.getHistoricalData(symbol, from, to, wanted))]
        expect(bars).toEqual(group(chosen(stored, wanted, from, to), wanted))
        expect(await api.getLatestData(symbol, wanted)).toEqual(
          group(chosen(stored, wanted, -Infinity, Infinity), wanted).at(-1),
        )
      },
    ),
    { numRuns: 150 },
  )
})
