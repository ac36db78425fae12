import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { forecastSize } from '../../../../src/memory/decide/forecast.ts'
import type { SizeEvidence } from '../../../../src/memory/decide/forecast.ts'
import { SMALL_COMPONENT } from '../../../../src/memory/tuning.ts'

const mib = 1024 ** 2
const forecast = (evidence: Partial<SizeEvidence>): { expected: number; ceiling: number; isGuess: boolean } => {
  const { expected, ceiling, isGuess } = forecastSize({
    peaks: [],
    estimate: 0,
    largestOther: () => 0,
    room: 1_000 * mib,
    ...evidence,
  })
  return { expected: expected / mib, ceiling: ceiling / mib, isGuess }
}

test('expects the largest of the last peaks, whatever was estimated', () => {
  const peaks = [30 * mib, 100 * mib, 40 * mib]
  expect(forecast({ peaks, estimate: 900 * mib, largestOther: () => 500 * mib })).toMatchObject({
    expected: 100,
    isGuess: false,
  })
})

test('before there are any, expects what its user says', () => {
  expect(forecast({ estimate: 70 * mib, largestOther: () => 500 * mib })).toEqual({
    expected: 70,
    ceiling: 140,
    isGuess: false,
  })
})

test('is the surer the more often it was measured: beyond by a half after once, by a fifth after four times', () => {
  const ceilings = [1, 2, 3, 4].map(
    (times) => forecast({ peaks: Array.from({ length: times }, () => 60 * mib) }).ceiling,
  )
  expect(ceilings.map(Math.round)).toEqual([90, 80, 75, 72])
})

test('of what is unknown expects the least that there is, and guesses that it may be like the largest of the others', () => {
  expect(forecast({})).toEqual({ expected: 16, ceiling: 1_000, isGuess: true })
  expect(forecast({ largestOther: () => 200 * mib })).toEqual({ expected: 16, ceiling: 300, isGuess: true })
  expect(forecast({ largestOther: () => 10 * mib })).toEqual({ expected: 16, ceiling: 24, isGuess: true })
})

test('a guess is never more than the limit, nor less than what is reserved', () => {
  expect(forecast({ largestOther: () => 900 * mib }).ceiling).toBe(1_000)
  expect(forecast({ room: 10 * mib })).toEqual({ expected: 16, ceiling: 16, isGuess: true })
})

test('a peak that could never be had is not expected again: it would be kept out for good', () => {
  const peaks = [30 * mib, 1_001 * mib]
  expect(forecast({ peaks, estimate: 20 * mib })).toEqual({ expected: 30, ceiling: 45, isGuess: false })
  expect(forecast({ peaks: [1_001 * mib], estimate: 20 * mib })).toMatchObject({ expected: 20, isGuess: false })
  // What its user says is taken at its word.
  expect(forecast({ estimate: 2_000 * mib })).toMatchObject({ expected: 2_000 })
})

test('one whose only peak could never be had, and of which nothing else is known, is like the largest of the others', () => {
  expect(forecast({ peaks: [1_001 * mib], largestOther: () => 200 * mib })).toEqual({
    expected: 16,
    ceiling: 300,
    isGuess: true,
  })
})

test('never expects more than the ceiling, nor nothing', () => {
  const bytes = fc.integer({ min: 0, max: 2 ** 40 })
  const evidence = fc.record({
    peaks: fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 4 }),
    estimate: bytes,
    largestOther: bytes.map((largest) => () => largest),
    room: fc.integer({ min: 1, max: 2 ** 40 }),
  })
  fc.assert(
    fc.property(evidence, (drawn) => {
      const { expected, ceiling, isGuess } = forecastSize(drawn)
      expect(expected).toBeGreaterThan(0)
      expect(ceiling).toBeGreaterThanOrEqual(expected)
      expect(isGuess).toBe(drawn.peaks.every((peak) => peak > drawn.room) && drawn.estimate === 0)
      expect(!isGuess || ceiling <= Math.max(SMALL_COMPONENT, drawn.room)).toBe(true)
    }),
    { numRuns: 500 },
  )
})
