import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import type { CandleInput } from '../../../src/services/historical-data/candle-input.ts'
import { rows } from '../../../src/services/historical-data/candles.ts'
import type { Candle } from '../../../src/services/historical-data/candles.ts'
import { HOUR, MINUTE, candles, open, utc } from './harness.ts'

const T = utc('2024-01-01')

test('storing again changes nothing; what differs is updated', async () => {
  const { api } = await open()
  const stored = candles(T, '1m', 3000)
  expect(await api.storeCandles('A', '1m', stored)).toEqual({ inserted: 3000, updated: 0 })
  expect(await api.storeCandles('A', '1m', stored)).toEqual({ inserted: 0, updated: 0 })
  const corrected = { ...stored[1]!, volume: 99 }
  expect(await api.storeCandles('A', '1m', [corrected, ...candles(T + 3000 * MINUTE, '1m', 2)])).toEqual({
    inserted: 2,
    updated: 1,
  })
  expect(await api.listSymbols()).toMatchObject([{ count: 3002, from: T, to: T + 3002 * MINUTE }])
  expect((await api.getHistoricalData('A', T, T + 3 * MINUTE, '1m')).volume).toEqual(Float64Array.of(1, 99, 3))
})

test('rows in any order, columns as typed or plain arrays, and nothing at all', async () => {
  const { api } = await open()
  const stored = candles(T, '1m', 4)
  const shuffled = [stored[2]!, stored[0]!, { ...stored[3]!, volume: 0 }, stored[3]!, stored[1]!]
  expect(await api.storeCandles('A', '1m', shuffled)).toEqual({ inserted: 4, updated: 0 })
  const result = await api.getHistoricalData('A', T, T + HOUR, '1m')
  expect([...rows(result)]).toEqual(stored)
  expect(await api.storeCandles('B', '1m', result)).toEqual({ inserted: 4, updated: 0 })
  const plain = Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
  )
  expect(await api.storeCandles('B', '1m', plain as unknown as CandleInput)).toEqual({ inserted: 0, updated: 0 })
  expect(await api.storeCandles('C', '1m', [])).toEqual({ inserted: 0, updated: 0 })
  expect((await api.listSymbols()).map(({ symbol }) => symbol)).toEqual(['A', 'B'])
})

test.each<[string, unknown, RegExp]>([
  ['candles[1]', [candles(T, '1m', 1)[0], { ...candles(T, '1m', 1)[0], high: 1 }], /high 1 is below open 10/],
  ['candles[0]', [{ ...candles(T, '1m', 1)[0], close: '11' }], /close 11 is not a number/],
  ['candles[0]', [{ time: T }], /open undefined is not a number/],
  ['candles[0]', [null], /got "no object but null"/],
  ['candles[0]', candles(T + 1, '1m', 1), /not the start of a 1m bar/],
  ['candles', 'x', /an array of candles, or columns, got "x"/],
  ['candles', null, /got null/],
  ['candles.time', {}, /an array of numbers, got undefined/],
  ['candles.low', { time: [1], open: [1], high: [1], low: [1, 2], close: [1], volume: [1] }, /1 numbers.*got 2/],
])('%s is named when it is wrong, and nothing is stored', async (option, input, message) => {
  const { api } = await open()
  const error: unknown = await api.storeCandles('A', '1m', input as CandleInput).catch((e: unknown) => e)
  expect(isInvalidOptionsError(error) && error.option).toBe(option)
  expect((error as Error).message).toMatch(message)
  expect(await api.listSymbols()).toEqual([])
})

test('a bad symbol or interval', async () => {
  const { api } = await open()
  await expect(api.storeCandles('', '1m', [])).rejects.toSatisfy(isInvalidOptionsError)
  await expect(api.storeCandles('A', '3m' as '1m', [])).rejects.toSatisfy(isInvalidOptionsError)
})

test('any sequence of writes leaves what a map would hold', async () => {
  const { api } = await open()
  const model = new Map<number, Candle>()
  // Sparse enough to span several chunks.
  const time = fc.nat(60).map((n) => T + n * 97 * MINUTE)
  const candle = fc.record({ time, close: fc.integer({ min: 1, max: 3 }) }).map(({ time, close }) => {
    return { time, open: close, high: close, low: close, close, volume: 1 }
  })
  await fc.assert(
    fc.asyncProperty(fc.array(candle, { maxLength: 30 }), async (batch) => {
      const before = new Map(model)
      for (const each of batch) model.set(each.time, each)
      const changed = [...before].filter(([t, old]) => model.get(t)!.close !== old.close).length
      expect(await api.storeCandles('A', '1m', batch)).toEqual({ inserted: model.size - before.size, updated: changed })
      const expected = [...model.values()].sort((a, b) => a.time - b.time)
      expect([...rows(await api.getHistoricalData('A', 0, 2 * T, '1m'))]).toEqual(expected)
      const listed = expected[0] ? [{ count: model.size, from: expected[0].time }] : []
      expect(await api.listSymbols()).toMatchObject(listed)
    }),
    { numRuns: 60 },
  )
})
