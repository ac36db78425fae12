import { describe, expect, it } from 'vitest'
import { checkNumber, checkNumbers, count, duration } from '../../../src/services/option-checks.ts'

describe('a number', () => {
  it.each([
    [0, duration, 'a finite number from 1 to 2147483647'],
    [2 ** 31, duration, 'a finite number from 1 to 2147483647'],
    [Number.NaN, {}, 'a finite number'],
    [Infinity, {}, 'a finite number'],
    ['1', {}, 'a finite number'],
    [1.5, count, 'a whole number, 1 or more'],
    [2 ** 53, count, 'a whole number, 1 or more'],
    [3, { max: 2 }, 'a finite number, 2 or less'],
  ])('is not %s, where it is to be %j', (value, bounds, expected) => {
    expect(() => checkNumber('size', value, bounds)).toThrow(expect.objectContaining({ option: 'size', expected }))
  })

  it('is what its bounds allow, and Infinity only where they do', () => {
    expect(checkNumber('size', 1, count)).toBe(1)
    expect(checkNumber('size', 2 ** 31 - 1, duration)).toBe(2 ** 31 - 1)
    expect(checkNumber('size', Infinity, { max: Infinity })).toBe(Infinity)
  })
})

it('numbers that are not given have their defaults, and those without bounds are durations', () => {
  const defaults = { size: 8, wait: 500 }
  expect(checkNumbers({ size: 9, wait: undefined }, defaults, { size: count })).toEqual({ size: 9, wait: 500 })
  expect(() => checkNumbers({ wait: 2 ** 31 }, defaults, { size: count })).toThrow(
    expect.objectContaining({ option: 'wait' }),
  )
})
