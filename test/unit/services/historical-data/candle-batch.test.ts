import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CandleBatch } from '../../../../src/services/historical-data/candle-batch.ts'
import { rows } from '../../../../src/services/historical-data/candles.ts'

test('candles come out ascending, the last of those with one time kept, whatever order they went in', () => {
  const batch = new CandleBatch(20)
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 20 }), (times) => {
      times.forEach((time, i) => batch.push({ time, open: i, high: i, low: i, close: i, volume: i }))
      expect(batch.length).toBe(times.length)
      const expected = [...new Map(times.map((time, i) => [time, i]))].sort(([a], [b]) => a - b)
      const taken = [...rows(batch.take())]
      expect(taken).toEqual(expected.map(([time, i]) => ({ time, open: i, high: i, low: i, close: i, volume: i })))
      expect(batch.length).toBe(0)
    }),
  )
})
