import { describe, expect, test } from 'vitest'
import {
  growsFast,
  isFar,
  isNearLimit,
  lookAtFar,
  nextInterval,
  nextLook,
  roomLeft,
} from '../../../../src/memory/decide/schedule.ts'
import type { IntervalInput, LookInput } from '../../../../src/memory/decide/schedule.ts'
import { ANSWER_TIME, FASTEST_GROWTH, LONGEST_LOOK, PACE, SHORTEST_LOOK } from '../../../../src/memory/tuning.ts'

describe('the next interval', () => {
  const thresholds = { lowThreshold: 0.6, mediumThreshold: 0.75, highThreshold: 0.85, criticalThreshold: 0.95 }
  const interval = (input: Partial<IntervalInput>): number =>
    nextInterval({ usage: 500, limit: 1_000, growth: 0, components: [], ...input }, thresholds, 60_000)

  test('is checkInterval while nothing grows', () => {
    expect(interval({})).toBe(60_000)
    expect(interval({ usage: 2_000 })).toBe(60_000)
  })

  test('is a quarter of the time to the next threshold', () => {
    expect(interval({ usage: 500, growth: 0.01 })).toBeCloseTo(100 / 0.01 / 4)
    expect(interval({ usage: 600, growth: 0.01 })).toBeCloseTo(150 / 0.01 / 4)
    expect(interval({ usage: 960, growth: 0.01 })).toBeCloseTo(40 / 0.01 / 4)
  })

  test('is a quarter of the time that a component takes to its memoryLimit', () => {
    const component = { total: 40, memoryLimit: 100, growth: 0.001 }
    expect(interval({ components: [component] })).toBeCloseTo(60 / 0.001 / 4)
    expect(interval({ growth: 0.1, components: [component] })).toBeCloseTo(100 / 0.1 / 4)
  })

  test('stays between 25 ms and checkInterval', () => {
    expect(interval({ growth: 1_000 })).toBe(25)
    expect(interval({ usage: 1_100, growth: 1 })).toBe(25)
    expect(interval({ growth: 1e-9 })).toBe(60_000)
  })

  test('is 25 ms while a component grows fast, or is within half of its limit', () => {
    const slow = { total: 10, memoryLimit: 1_000, growth: 0.0999 }
    expect(growsFast(slow)).toBe(false)
    expect(growsFast({ ...slow, growth: 0.1 })).toBe(true)
    expect(interval({ components: [{ ...slow, growth: 0.1 }] })).toBe(25)
    expect(isNearLimit({ ...slow, total: 499 })).toBe(false)
    expect(isNearLimit({ ...slow, total: 500 })).toBe(true)
    expect(interval({ components: [slow, { total: 500, memoryLimit: 1_000, growth: 0 }] })).toBe(25)
  })
})

describe('the next look', () => {
  const look = (input: Partial<LookInput>): number => nextLook({ workers: 3, room: undefined, waiting: 0, ...input })

  test('is never, while nothing is loaded and nobody waits', () => {
    expect(look({ workers: 0 })).toBe(Number.POSITIVE_INFINITY)
    expect(look({ workers: 0, waiting: 1 })).toBe(SHORTEST_LOOK)
  })

  test('is far while all rest', () => {
    expect(look({})).toBe(ANSWER_TIME)
  })

  test('is a quarter of the time that the fastest takes to the nearest limit, while somebody is at work', () => {
    expect(look({ room: 60 * 4 * FASTEST_GROWTH })).toBeCloseTo(60)
    expect(look({ room: 0 })).toBe(SHORTEST_LOOK)
    expect(look({ room: Number.POSITIVE_INFINITY })).toBe(LONGEST_LOOK)
  })

  test('is near while somebody waits for memory', () => {
    expect(look({ workers: 1_000, waiting: 1 })).toBe(SHORTEST_LOOK)
  })
})

test('the room left is up to the next threshold, and past all of them up to the limit', () => {
  const thresholds = { lowThreshold: 0.6, mediumThreshold: 0.75, highThreshold: 0.85, criticalThreshold: 0.95 }
  expect(roomLeft(500, 1_000, thresholds)).toBe(100)
  expect(roomLeft(700, 1_000, thresholds)).toBe(50)
  expect(roomLeft(960, 1_000, thresholds)).toBe(40)
  expect(roomLeft(1_100, 1_000, thresholds)).toBe(0)
})

test('one that is far from all limits is looked at the less often the more there are of them', () => {
  expect(isFar(LONGEST_LOOK * 4 * FASTEST_GROWTH)).toBe(true)
  expect(isFar(LONGEST_LOOK * 4 * FASTEST_GROWTH - 1)).toBe(false)
  expect(lookAtFar(3)).toBe(LONGEST_LOOK)
  expect(lookAtFar(10_000)).toBe(10_000 * PACE.look)
})
