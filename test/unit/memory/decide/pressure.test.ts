import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../../../src/contract/pressure-level.ts'
import {
  bytesToFree,
  initialPressure,
  isAtLeast,
  nextPressureChange,
  stepPressure,
  type PressureInput,
  type PressureState,
} from '../../../../src/memory/decide/pressure.ts'
import { CLEAR_DWELL, MEDIUM_DWELL } from '../../../../src/memory/tuning.ts'

const thresholds = { lowThreshold: 0.6, mediumThreshold: 0.75, highThreshold: 0.85, criticalThreshold: 0.95 }
const limit = 1_000
const step = (state: PressureState, time: number, usage: number, rest: Partial<PressureInput> = {}): PressureState =>
  stepPressure(state, { time, usage, limit, ...rest }, thresholds)

/** The levels after each of [time, usage]. */
const levels = (...readings: readonly (readonly [time: number, usage: number])[]): PressureLevel[] => {
  let state = initialPressure()
  return readings.map(([time, usage]) => (state = step(state, time, usage)).level)
}

describe('up', () => {
  test('high and critical at once, also straight from low', () => {
    expect(levels([0, 849], [1, 850])).toEqual(['low', 'high'])
    expect(levels([0, 100], [1, 950])).toEqual(['low', 'critical'])
    expect(levels([0, 850], [1, 949], [2, 950])).toEqual(['high', 'high', 'critical'])
  })

  test('medium after five seconds without a break', () => {
    expect(levels([0, 750], [4_999, 750], [5_000, 750])).toEqual(['low', 'low', 'medium'])
    expect(levels([0, 750], [4_000, 749], [5_000, 750], [9_999, 750], [10_000, 750])).toEqual([
      'low',
      'low',
      'low',
      'low',
      'medium',
    ])
  })

  test('remembers when the level was entered', () => {
    const state = step(step(initialPressure(), 0, 750), 6_000, 760)
    expect(state).toMatchObject({ level: 'medium', since: 6_000 })
    expect(step(state, 7_000, 760).since).toBe(6_000)
  })
})

describe('down', () => {
  test('only after 30 s at more than 5 points below the threshold', () => {
    expect(levels([0, 850], [1, 799], [30_000, 799], [30_001, 799])).toEqual(['high', 'high', 'high', 'medium'])
    expect(levels([0, 850], [1, 800], [90_000, 800])).toEqual(['high', 'high', 'high'])
    expect(levels([0, 850], [1, 799], [20_000, 800], [20_001, 799], [50_000, 799], [50_001, 799]).at(-2)).toBe('high')
  })

  test('straight to where usage has been for 30 s', () => {
    expect(levels([0, 950], [1, 100], [30_001, 100])).toEqual(['critical', 'critical', 'low'])
    expect(levels([0, 950], [1, 820], [30_001, 820])).toEqual(['critical', 'critical', 'high'])
    // Clear of critical since 1, of the others since 20,000 only.
    expect(levels([0, 950], [1, 890], [20_000, 100], [30_001, 100], [50_000, 100]).slice(-2)).toEqual(['high', 'low'])
  })

  test('a threshold near 0 can still be left', () => {
    const low = { lowThreshold: 0.01, mediumThreshold: 0.02, highThreshold: 0.03, criticalThreshold: 0.04 }
    let state = stepPressure(initialPressure(), { time: 0, usage: 40, limit }, low)
    state = stepPressure(state, { time: 1, usage: 0, limit }, low)
    expect(stepPressure(state, { time: 30_001, usage: 0, limit }, low)).toMatchObject({ level: 'low', trim: false })
  })
})

describe('growth', () => {
  test('that reaches a level before an unload could finish counts as that level now', () => {
    const growth = { growth: 1, unloadTime: 100 }
    expect(step(initialPressure(), 0, 750, growth).level).toBe('high')
    expect(step(initialPressure(), 0, 749, growth).level).toBe('low')
    expect(step(initialPressure(), 0, 850, growth).level).toBe('critical')
    expect(step(initialPressure(), 0, 750, growth).judged).toBe(850)
  })

  test('to medium has to last as long as medium itself', () => {
    const growth = { growth: 1, unloadTime: 100 }
    const first = step(initialPressure(), 0, 660, growth)
    expect(first).toMatchObject({ level: 'low', pendingSince: 0 })
    expect(step(first, 5_000, 660, growth).level).toBe('medium')
  })

  test('below zero is not counted', () => {
    expect(step(initialPressure(), 0, 860, { growth: -10, unloadTime: 1_000 }).level).toBe('high')
  })
})

test('components are asked to trim from lowThreshold on, and until usage is clear of it for 30 s', () => {
  let state = step(initialPressure(), 0, 599)
  expect(state.trim).toBe(false)
  state = step(state, 1, 600)
  expect(state).toMatchObject({ trim: true, level: 'low' })
  state = step(state, 2, 549)
  expect(state.trim).toBe(true)
  expect(step(state, 30_001, 549).trim).toBe(true)
  expect(step(state, 30_002, 549).trim).toBe(false)
})

test('thresholds and limits may change from step to step', () => {
  const state = step(initialPressure(), 0, 500)
  expect(stepPressure(state, { time: 1, usage: 500, limit: 500 }, thresholds).level).toBe('critical')
  expect(stepPressure(state, { time: 1, usage: 500, limit: 0 }, thresholds).level).toBe('critical')
  const strict = { lowThreshold: 0.1, mediumThreshold: 0.2, highThreshold: 0.3, criticalThreshold: 0.9 }
  expect(stepPressure(state, { time: 1, usage: 500, limit }, strict).level).toBe('high')
})

test('a round frees down to 5 points under the threshold, of what usage will be', () => {
  expect(bytesToFree('low', { time: 0, usage: 900, limit }, thresholds)).toBe(0)
  expect(bytesToFree('medium', { time: 0, usage: 900, limit }, thresholds)).toBeCloseTo(200)
  expect(bytesToFree('high', { time: 0, usage: 900, limit }, thresholds)).toBeCloseTo(100)
  expect(bytesToFree('critical', { time: 0, usage: 900, limit }, thresholds)).toBeCloseTo(0)
  expect(bytesToFree('high', { time: 0, usage: 700, limit }, thresholds)).toBe(0)
  expect(bytesToFree('high', { time: 0, usage: 700, limit, growth: 2, unloadTime: 100 }, thresholds)).toBeCloseTo(100)
})

const readings = fc.array(
  fc.record({
    pause: fc.oneof(fc.double({ min: 0.001, max: 200, noNaN: true }), fc.integer({ min: 1, max: 20_000 })),
    usage: fc.integer({ min: 0, max: 1_100 }),
  }),
  { minLength: 2, maxLength: 60 },
)

interface Reading {
  readonly time: number
  readonly usage: number
  readonly before: PressureState
  readonly after: PressureState
}

const replay = (drawn: readonly { pause: number; usage: number }[]): Reading[] => {
  let after = initialPressure()
  let time = 0
  return drawn.map(({ pause, usage }) => {
    time += pause
    const before = after
    after = step(before, time, usage)
    return { time, usage, before, after }
  })
}
const rank = (level: PressureLevel): number => ['low', 'medium', 'high', 'critical'].indexOf(level)
const falls = ({ before, after }: Reading): boolean => rank(after.level) < rank(before.level)
const rises = ({ before, after }: Reading): boolean => rank(after.level) > rank(before.level)

test('leaves a level only after 30 s clear of it, so never within 30 s of having risen', () => {
  const clearOf = { low: 0, medium: 700, high: 800, critical: 900 }
  fc.assert(
    fc.property(readings, (drawn) => {
      const history = replay(drawn)
      for (const fall of history.filter(falls)) {
        const window = history.filter(({ time }) => time <= fall.time && time > fall.time - CLEAR_DWELL)
        expect(window.filter(({ usage }) => usage >= clearOf[fall.before.level])).toEqual([])
        expect(window.filter(rises)).toEqual([])
      }
    }),
    { numRuns: 1_000 },
  )
})

test('rises to high and critical at once, and to medium only after 5 s at its threshold', () => {
  fc.assert(
    fc.property(readings, (drawn) => {
      const history = replay(drawn)
      for (const { usage, after } of history.filter((reading) => reading.usage >= 850)) {
        expect(isAtLeast(after.level, usage >= 950 ? 'critical' : 'high')).toBe(true)
      }
      for (const rise of history.filter(rises)) {
        const dwell = rise.after.level === 'medium' ? MEDIUM_DWELL : 0
        const window = history.filter(({ time }) => time <= rise.time && time > rise.time - dwell)
        expect(window.filter(({ usage }) => usage < 750)).toEqual([])
        expect(rise.usage).toBeGreaterThanOrEqual(750)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('nextPressureChange is when the next change comes, and no change comes before it', () => {
  fc.assert(
    fc.property(readings, (drawn) => {
      const last = replay(drawn).at(-1)
      if (last === undefined) return
      const { after: state, time, usage } = last
      const changesBy = (at: number): boolean => {
        const then = step(state, at, usage)
        return then.level !== state.level || then.trim !== state.trim
      }
      const at = nextPressureChange(state)
      expect(at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(time)
      expect(changesBy(at ?? time + 10 * CLEAR_DWELL)).toBe(at !== undefined)
      expect(changesBy(time + ((at ?? time) - time) / 2)).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})
