import { check, double, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelay } from '../../../../src/services/timing/backoff.ts'

describe('backoffDelay', () => {
  it('doubles, half of it fixed, up to the maximum', () => {
    const policy = { base: 100, max: 1_000 }
    expect([1, 2, 3, 4, 5, 99].map((attempt) => backoffDelay(attempt, policy, 0))).toEqual([
      50, 100, 200, 400, 500, 500,
    ])
    expect([1, 2, 3, 4, 5, 99].map((attempt) => backoffDelay(attempt, policy, 1))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })

  it('is never over the maximum and never under half of what it may be', () => {
    const ms = integer({ min: 1, max: 60_000 })
    const random = double({ min: 0, max: 1, noNaN: true })
    const bounded = property(integer({ min: 1, max: 10_000 }), ms, ms, random, (attempt, base, max, drawn) => {
      const delay = backoffDelay(attempt, { base, max }, drawn)
      return delay <= max && delay >= Math.min(max, base) / 2
    })
    expect(check(bounded)).toMatchObject({ failed: false })
  })
})
