import { describe, expect, test } from 'vitest'
import { clockOffset } from '../../../src/base/monotonic.ts'

/** Two clocks, one 1,000 ms ahead; reading either takes a microsecond, and before the n-th reading the thread is interrupted for `gaps[n]` ms. */
function clocks(gaps: readonly number[]): { ahead: () => number; behind: () => number; readings: () => number } {
  let time = 0
  let readings = 0
  const read = (): number => (time += 0.001 + (gaps[readings++] ?? 0))
  return { ahead: () => read() + 1_000, behind: read, readings: () => readings }
}

describe('the offset between two clocks', () => {
  test('takes one look where nothing interrupts it', () => {
    const { ahead, behind, readings } = clocks([])
    expect(clockOffset(ahead, behind)).toBeCloseTo(1_000, 2)
    expect(readings()).toBe(3)
  })

  test.for([1, 2])('does not contain what interrupted the thread before reading %i', (reading) => {
    const gaps = [0, 0, 0]
    gaps[reading] = 40
    const { ahead, behind } = clocks(gaps)
    expect(clockOffset(ahead, behind)).toBeCloseTo(1_000, 2)
  })

  test('is as near as it can be had where each look is interrupted, and comes to an end', () => {
    const { ahead, behind, readings } = clocks(Array.from({ length: 1_000 }, (_, i) => (i === 31 ? 0.5 : 20)))
    expect(Math.abs(clockOffset(ahead, behind) - 1_000)).toBeLessThan(21)
    expect(readings()).toBeLessThan(100)
  })

  test('is right also for a clock that shows whole milliseconds', () => {
    let time = 5
    const tick = (): number => (time += 0.001)
    expect(
      clockOffset(
        () => Math.floor(tick()) + 1_000,
        () => Math.floor(tick()),
      ),
    ).toBe(1_000)
  })
})
