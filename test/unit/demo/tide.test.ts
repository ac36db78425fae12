import { describe, expect, it } from 'vitest'
import { Tide } from '../../../src/demo/tide.ts'

describe('the tide', () => {
  it('begins low, rises and falls between 0 and 1, and is the same for the same seed', () => {
    const tide = new Tide(1)
    expect(tide.level(0)).toBe(0)
    const levels = Array.from({ length: 240 }, (_, second) => tide.level(second * 1_000))
    expect(Math.max(...levels)).toBeGreaterThan(0.7)
    expect(Math.max(...levels)).toBeLessThanOrEqual(1)
    expect(Math.min(...levels)).toBe(0)
    expect(levels).toEqual(levels.map((_, second) => new Tide(1).level(second * 1_000)))
    expect(levels).not.toEqual(levels.map((_, second) => new Tide(2).level(second * 1_000)))
    expect(tide.level(0, 0.5)).toBeGreaterThan(0.7)
  })
})
