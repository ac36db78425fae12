import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createColumns, rows } from '../../../../src/services/historical-data/candles.ts'
import type { Candle, CandleColumns } from '../../../../src/services/historical-data/candles.ts'
import { decodeChunk, encodeChunk, lowerBound, mergeChunk } from '../../../../src/services/historical-data/chunk.ts'

const columnsOf = (values: ReadonlyMap<number, number>): CandleColumns => {
  const times = [...values.keys()].sort((a, b) => a - b)
  const columns = createColumns(times.length)
  times.forEach((time, i) => {
    columns.time[i] = time
    columns.open[i] = columns.high[i] = columns.low[i] = columns.close[i] = columns.volume[i] = values.get(time)!
  })
  return columns
}

const closes = (columns: CandleColumns): [number, number][] =>
  [...rows(columns)].map(({ time, close }) => [time, close])

test('a chunk survives being encoded', () => {
  const columns = createColumns(3)
  const fields = Object.values(columns)
  fields.forEach((column, c) => column.set([c + 0.1, c * 1e300, -c]))
  expect(decodeChunk(encodeChunk(columns))).toEqual(columns)
  expect(decodeChunk(encodeChunk(createColumns(0))).time).toHaveLength(0)
})

test('merging is what a map of times does', () => {
  const values = fc.array(fc.tuple(fc.nat(30), fc.nat(3))).map((entries) => new Map(entries))
  fc.assert(
    fc.property(values, values, (stored, added) => {
      const merge = mergeChunk(columnsOf(stored), columnsOf(added))
      const expected = new Map([...stored, ...added])
      expect(closes(merge.columns)).toEqual([...expected].sort(([a], [b]) => a - b))
      expect(merge.inserted).toBe(expected.size - stored.size)
      expect(merge.updated).toBe([...added].filter(([t, v]) => stored.has(t) && stored.get(t) !== v).length)
    }),
  )
})

test('a change in any one field is an update', () => {
  const candle: Candle = { time: 0, open: 2, high: 3, low: 1, close: 2, volume: 9 }
  const one = (change: Partial<Candle>): CandleColumns => {
    const columns = createColumns(1)
    for (const [name, value] of Object.entries({ ...candle, ...change })) columns[name as keyof Candle][0] = value
    return columns
  }
  expect(mergeChunk(one({}), one({})).updated).toBe(0)
  for (const field of ['open', 'high', 'low', 'close', 'volume']) {
    expect(mergeChunk(one({}), one({ [field]: 7 }))).toMatchObject({ inserted: 0, updated: 1 })
  }
})

test('lowerBound finds the first time that is not before', () => {
  const times = Float64Array.of(10, 20, 30)
  expect([5, 10, 11, 30, 31].map((time) => lowerBound(times, time))).toEqual([0, 0, 1, 2, 3])
})
