import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findRunaway } from '../../src/memory/runaway.ts'

const mib = 1024 ** 2
/** MiB/s in bytes/ms. */
const rate = (mibPerSecond: number): number => (mibPerSecond * mib) / 1_000
const limit = 512 * mib

describe('a runaway', () => {
  const hog = { name: 'hog', growth: rate(300) }
  const slow = { name: 'slow', growth: rate(5) }
  const still = { name: 'still', growth: 0 }

  test('is what grows fastest when the limit is passed', () => {
    const input = { usage: limit + 1, leaving: 0, limit, components: [still, slow, hog] }
    expect(findRunaway(input)).toBe('hog')
    expect(findRunaway({ ...input, usage: limit })).toBeUndefined()
  })

  test('is nobody while what leaves makes up for it, up to 5%', () => {
    const input = { usage: limit * 1.04, leaving: limit * 0.1, limit, components: [hog] }
    expect(findRunaway(input)).toBeUndefined()
    expect(findRunaway({ ...input, usage: limit * 1.06 })).toBe('hog')
  })

  test('is nobody when nothing grows, however much is held', () => {
    expect(findRunaway({ usage: limit * 3, leaving: 0, limit, components: [still] })).toBeUndefined()
    expect(findRunaway({ usage: limit * 3, leaving: 0, limit, components: [] })).toBeUndefined()
  })

  test('is not what grows so slowly that there is time for others to become idle', () => {
    const input = { usage: limit + mib, leaving: 0, limit, components: [slow] }
    expect(findRunaway(input)).toBeUndefined()
    expect(findRunaway({ ...input, usage: limit * 1.05 })).toBe('slow')
  })

  test('is stopped in time: usage never passes 110% while a worker takes up to 150 ms to notice and to end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 150 }), (mibPerSecond, delay) => {
        const growth = rate(mibPerSecond)
        let usage = limit * 0.9
        while (findRunaway({ usage, leaving: 0, limit, components: [{ name: 'x', growth }] }) === undefined) {
          usage += growth * 25
        }
        expect(usage + growth * delay).toBeLessThan(limit * 1.1 + growth * 25)
      }),
    )
  })
})
