import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  INTERVALS,
  barEnd,
  barStart,
  divides,
  parseInterval,
  sourcesFor,
} from '../../../../src/services/historical-data/interval.ts'
import { utc } from '../../../services/historical-data/harness.ts'

test.each([
  ['1m', '2024-03-31T01:59:59.999', '2024-03-31T01:59', '2024-03-31T02:00'],
  ['5m', '2024-03-31T01:59', '2024-03-31T01:55', '2024-03-31T02:00'],
  ['15m', '2024-03-31T01:44', '2024-03-31T01:30', '2024-03-31T01:45'],
  ['1h', '2024-03-31T01:44', '2024-03-31T01:00', '2024-03-31T02:00'],
  ['4h', '2024-03-31T23:59', '2024-03-31T20:00', '2024-04-01T00:00'],
  ['1d', '2024-10-27T23:59', '2024-10-27T00:00', '2024-10-28T00:00'],
  ['1w', '2024-03-03T23:59', '2024-02-26T00:00', '2024-03-04T00:00'],
  ['1w', '2024-03-04T00:00', '2024-03-04T00:00', '2024-03-11T00:00'],
  ['1M', '2024-02-29T12:00', '2024-02-01T00:00', '2024-03-01T00:00'],
  ['1M', '2023-12-31T23:59', '2023-12-01T00:00', '2024-01-01T00:00'],
  ['1h', '1969-12-31T23:30', '1969-12-31T23:00', '1970-01-01T00:00'],
  ['1w', '1969-12-31T23:30', '1969-12-29T00:00', '1970-01-05T00:00'],
  ['1M', '1969-12-31T23:30', '1969-12-01T00:00', '1970-01-01T00:00'],
] as const)('the %s bar of %s runs from %s to %s', (interval, time, start, end) => {
  expect(barStart(interval, utc(time))).toBe(utc(start))
  expect(barEnd(interval, utc(start))).toBe(utc(end))
})

test('every time lies in exactly one bar, and weeks start on Monday, months on the 1st', () => {
  const times = fc.integer({ min: utc('1000-01-01'), max: utc('9999-12-31') })
  fc.assert(
    fc.property(fc.constantFrom(...INTERVALS), times, (interval, time) => {
      const start = barStart(interval, time)
      expect(start).toBeLessThanOrEqual(time)
      expect(barEnd(interval, start)).toBeGreaterThan(time)
      expect(barStart(interval, start)).toBe(start)
      expect(barStart(interval, barEnd(interval, start))).toBe(barEnd(interval, start))
      expect(interval !== '1w' || new Date(start).getUTCDay() === 1).toBe(true)
      expect(interval !== '1M' || new Date(start).getUTCDate() === 1).toBe(true)
    }),
  )
})

test('where one interval divides another, each of its bars lies within one of the other', () => {
  const times = fc.integer({ min: 0, max: utc('2100-01-01') })
  fc.assert(
    fc.property(fc.constantFrom(...INTERVALS), fc.constantFrom(...INTERVALS), times, (fine, coarse, time) => {
      fc.pre(divides(fine, coarse))
      const start = barStart(fine, time)
      const last = barEnd(fine, start) - 1
      expect(barStart(coarse, last)).toBe(barStart(coarse, start))
    }),
  )
})

test('sources are the interval itself where stored, and those that divide it, coarsest first', () => {
  expect(sourcesFor(['1m', '1h'], '1h')).toEqual(['1h', '1m'])
  expect(sourcesFor(['1m', '4h', '1h', '1w'], '1d')).toEqual(['4h', '1h', '1m'])
  expect(sourcesFor(['1w', '1d'], '1M')).toEqual(['1d'])
  expect(sourcesFor(['1w'], '1M')).toEqual([])
  expect(sourcesFor(['1h'], '1m')).toEqual([])
  expect(sourcesFor([], '1m')).toEqual([])
})

test('an interval that is none is refused with those there are', () => {
  expect(parseInterval('1M')).toBe('1M')
  for (const wrong of ['1s', '1D', '', null, 60, 'constructor']) {
    expect(() => parseInterval(wrong)).toThrow(/"interval": expected one of 1m, 5m, 15m, 1h, 4h, 1d, 1w, 1M, got/)
  }
})
