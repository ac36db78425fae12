import { describe, expect, test } from 'vitest'
import { fewCalls, leastAge, untilRecycled } from '../../../src/component/recycle-policy.ts'

const none = { calls: undefined, age: undefined, memory: undefined, overlap: true }
const young = { age: 0, calls: 0, memory: undefined }

describe('a generation is due', () => {
  test('never, where nothing is said', () => {
    expect(untilRecycled(none, { age: 1e9, calls: 1e9, memory: 1e12 })).toBe(Number.POSITIVE_INFINITY)
  })

  test('at its age', () => {
    expect(untilRecycled({ ...none, age: 500 }, young)).toBe(500)
    expect(untilRecycled({ ...none, age: 500 }, { ...young, age: 200 })).toBe(300)
    expect(untilRecycled({ ...none, age: 500 }, { ...young, age: 900 })).toBe(0)
  })

  test('when it holds too much, has been called, and is not quite new', () => {
    const recycle = { ...none, memory: 100 }
    expect(untilRecycled(recycle, { age: 5_000, calls: 1, memory: 99 })).toBe(Number.POSITIVE_INFINITY)
    expect(untilRecycled(recycle, { age: 5_000, calls: 1, memory: undefined })).toBe(Number.POSITIVE_INFINITY)
    expect(untilRecycled(recycle, { age: 5_000, calls: 0, memory: 200 })).toBe(Number.POSITIVE_INFINITY)
    expect(untilRecycled(recycle, { age: leastAge, calls: 1, memory: 100 })).toBe(0)
    expect(untilRecycled(recycle, { age: leastAge - 200, calls: 1, memory: 100 })).toBe(200)
    expect(untilRecycled({ ...recycle, age: leastAge - 100 }, { age: 0, calls: 1, memory: 100 })).toBe(leastAge - 100)
  })
})

test('a successor is wanted with a tenth of the calls left, or with none', () => {
  expect([1, 9, 10, 25, 1_000].map((calls) => fewCalls(calls, true))).toEqual([0, 0, 1, 2, 100])
  expect(fewCalls(1_000, false)).toBe(0)
})
