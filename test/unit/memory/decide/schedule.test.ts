import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { growsFast, isNearLimit, nextInterval, nextLook } from '../../../../src/memory/decide/schedule.ts'
import type { IntervalInput, LookInput } from '../../../../src/memory/decide/schedule.ts'
import { LONGEST_LOOK, LOOK_PER_WORKER, SHORTEST_LOOK } from '../../../../src/memory/tuning.ts'

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
  const look = (input: Partial<LookInput>): number =>
    nextLook({ workers: 3, running: 0, isActive: false, waiting: 0, ...input })

  test('is never, while nothing is loaded and nobody waits', () => {
    expect(look({ workers: 0 })).toBe(Number.POSITIVE_INFINITY)
    expect(look({ workers: 0, waiting: 1 })).toBe(SHORTEST_LOOK)
  })

  test('is far while all rest, and the farther the more there are to look at', () => {
    expect(look({})).toBe(LONGEST_LOOK)
    expect(look({ workers: 1_000 })).toBe(1_000 * LOOK_PER_WORKER)
  })

  test.each<[string, Partial<LookInput>]>([
    ['somebody is in use, or loads', { isActive: true }],
    ['something has run', { running: 1 }],
    ['somebody waits for memory', { waiting: 1 }],
  ])('is near while %s', (_, input) => {
    expect(look({ workers: 1_000, ...input })).toBe(SHORTEST_LOOK)
  })

  test('takes a share of the time of a processor that does not grow with those that run, up to a bound', () => {
    expect(look({ workers: 1_000, running: 20 })).toBe(20 * LOOK_PER_WORKER)
    expect(look({ workers: 1_000, running: 1_000 })).toBe(LONGEST_LOOK)
  })

  test('while something is active, lies within its bounds, whatever there is', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.nat(100), (workers, running, waiting) => {
        const ms = look({ workers, running, waiting, isActive: workers > 0 })
        const isNever = ms === Number.POSITIVE_INFINITY
        expect(isNever).toBe(workers + waiting === 0)
        expect(isNever || (ms >= SHORTEST_LOOK && ms <= LONGEST_LOOK)).toBe(true)
      }),
    )
  })
})
