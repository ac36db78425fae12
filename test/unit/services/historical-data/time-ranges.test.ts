import { array, assert, integer, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { overlaps, subtract, union } from '../../../../src/services/historical-data/time-ranges.ts'
import type { TimeRange } from '../../../../src/services/historical-data/time-ranges.ts'

const range = tuple(integer({ min: 0, max: 30 }), integer({ min: 0, max: 10 })).map(([start, length]) => ({
  start,
  end: start + length,
}))

const members = (ranges: readonly TimeRange[]): Set<number> => {
  const times = new Set<number>()
  for (const { start, end } of ranges) for (let time = start; time < end; time++) times.add(time)
  return times
}
const isCanonical = (ranges: readonly TimeRange[]): boolean =>
  ranges.every(({ start, end }, i) => start < end && (i === 0 || ranges[i - 1]!.end < start))

test('ranges are sets of times', () => {
  assert(
    property(array(range, { maxLength: 8 }), range, (added, other) => {
      const ranges = added.reduce<TimeRange[]>(union, [])
      expect(isCanonical(ranges)).toBe(true)
      expect(members(ranges)).toEqual(members(added))
      const left = subtract(other, ranges)
      expect(isCanonical(left)).toBe(true)
      expect(members(left)).toEqual(members([other]).difference(members(added)))
    }),
  )
})

test('ranges that touch do not overlap', () => {
  expect(overlaps({ start: 0, end: 5 }, { start: 5, end: 9 })).toBe(false)
  expect(overlaps({ start: 0, end: 6 }, { start: 5, end: 9 })).toBe(true)
})
