import { describe, expect, test } from 'vitest'
import { copiesMissing, copiesToBegin, placesFor } from '../../../src/component/copy-policy.ts'

const none = { serving: 0, loading: 0, leaving: 0 }
const one = { min: 0, max: 1, concurrency: Number.POSITIVE_INFINITY }
const four = { min: 0, max: 4, concurrency: 1 }

describe('copies to begin because calls wait', () => {
  test('of a component with one copy: that one, once', () => {
    expect(copiesToBegin(none, one, 100, false)).toBe(1)
    expect(copiesToBegin({ ...none, loading: 1 }, one, 100, false)).toBe(0)
    expect(copiesToBegin({ ...none, serving: 1 }, one, 100, false)).toBe(0)
    expect(copiesToBegin({ ...none, leaving: 1 }, one, 100, false)).toBe(0)
  })

  test('are as many as take the calls, less those that are being loaded, up to as many as there may be', () => {
    expect(copiesToBegin(none, four, 1, false)).toBe(1)
    expect(copiesToBegin(none, four, 3, false)).toBe(3)
    expect(copiesToBegin(none, four, 100, false)).toBe(4)
    expect(copiesToBegin({ serving: 1, loading: 1, leaving: 0 }, four, 2, false)).toBe(1)
    expect(copiesToBegin({ serving: 2, loading: 1, leaving: 1 }, four, 9, false)).toBe(0)
    expect(copiesToBegin({ ...none, serving: 1 }, { ...four, concurrency: 10 }, 10, false)).toBe(1)
    expect(copiesToBegin({ ...none, serving: 1 }, { ...four, concurrency: 10 }, 11, false)).toBe(2)
  })

  test('are none when none waits', () => {
    expect(copiesToBegin(none, four, 0, false)).toBe(0)
    expect(copiesToBegin({ ...none, serving: 1 }, { ...four, min: 3 }, 0, false)).toBe(0)
  })

  test('are as many as there have to be', () => {
    expect(copiesToBegin(none, { ...four, min: 3 }, 1, false)).toBe(3)
    expect(copiesToBegin({ ...none, serving: 1 }, { ...four, min: 3 }, 1, false)).toBe(2)
  })

  test('are none while one more cannot be had, unless there is none at all', () => {
    expect(copiesToBegin({ ...none, serving: 1 }, four, 5, true)).toBe(0)
    expect(copiesToBegin({ ...none, loading: 1 }, four, 5, true)).toBe(0)
    expect(copiesToBegin(none, four, 2, true)).toBe(2)
  })
})

test('who wants it loaded gets one at least, and as many as there have to be', () => {
  expect(copiesMissing(none, four)).toBe(1)
  expect(copiesMissing({ ...none, serving: 1 }, four)).toBe(0)
  expect(copiesMissing({ ...none, loading: 1 }, { ...four, min: 3 })).toBe(2)
})

test('there are never more places than copies may be', () => {
  expect(placesFor({ serving: 2, loading: 1, leaving: 0 }, four)).toBe(1)
  expect(placesFor({ serving: 2, loading: 1, leaving: 2 }, four)).toBe(0)
})
