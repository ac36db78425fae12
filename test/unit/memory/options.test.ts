import { describe, expect, test } from 'vitest'
import { InvalidOptionsError } from '../../../src/contract/errors.ts'
import { defaultMemoryOptions, effectiveLimit, resolveMemoryOptions } from '../../../src/memory/options.ts'
import type { MemoryOptions } from '../../../src/contract/memory-options.ts'

describe('memory options', () => {
  test('have defaults', () => {
    expect(resolveMemoryOptions(undefined)).toEqual({
      totalLimit: 1_073_741_824,
      lowThreshold: 0.6,
      mediumThreshold: 0.75,
      highThreshold: 0.85,
      criticalThreshold: 0.95,
      autoUnloadEnabled: true,
      minIdleTime: 300_000,
      checkInterval: 60_000,
      policy: 'cost-aware',
    })
    expect(resolveMemoryOptions({})).toEqual(defaultMemoryOptions)
  })

  test('given as undefined keep what they were', () => {
    const base = resolveMemoryOptions({ totalLimit: 2 ** 28, autoUnloadEnabled: false })
    const given: Record<string, unknown> = { totalLimit: undefined, minIdleTime: 0 }
    expect(resolveMemoryOptions(given as Partial<MemoryOptions>, base)).toEqual({ ...base, minIdleTime: 0 })
  })

  test('accept the ends of their ranges', () => {
    expect(
      resolveMemoryOptions({ criticalThreshold: 1, lowThreshold: 0.01, minIdleTime: 0, checkInterval: 25 }),
    ).toBeDefined()
    const policy = () => ({ victims: [] })
    expect(resolveMemoryOptions({ policy, totalLimit: Number.MAX_SAFE_INTEGER }).policy).toBe(policy)
    expect(resolveMemoryOptions({ policy: 'cost-aware' }).policy).toBe('cost-aware')
  })

  const bad: [keyof MemoryOptions, unknown][] = [
    ...['totalLimit', 'minIdleTime', 'checkInterval', 'lowThreshold', 'highThreshold'].flatMap(
      (key): [keyof MemoryOptions, unknown][] =>
        [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', null, 5n, {}].map((value) => [
          key as keyof MemoryOptions,
          value,
        ]),
    ),
    ['totalLimit', 0],
    ['totalLimit', 1_024],
    ['totalLimit', 2 ** 64],
    ['checkInterval', 0],
    ['checkInterval', 24],
    ['checkInterval', 2 ** 31],
    ['minIdleTime', 1e12],
    ['lowThreshold', 0],
    ['criticalThreshold', 1.01],
    ['criticalThreshold', 95],
    ['autoUnloadEnabled', 'yes'],
    ['policy', 'random'],
    ['policy', 5],
  ]
  test.each(bad)('refuse %s: %s', (key, value) => {
    let error: unknown
    try {
      resolveMemoryOptions({ [key]: value })
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(InvalidOptionsError)
    expect(error).toMatchObject({ option: `memory.${key}`, code: 'ERR_INVALID_OPTIONS' })
  })

  test('refuse thresholds that do not ascend, also together with those that were there before', () => {
    expect(() => resolveMemoryOptions({ mediumThreshold: 0.6 })).toThrow(
      /memory\.mediumThreshold.*more than memory\.lowThreshold/,
    )
    expect(() => resolveMemoryOptions({ highThreshold: 0.96 })).toThrow(/memory\.criticalThreshold/)
    const base = resolveMemoryOptions({ mediumThreshold: 0.84 })
    expect(() => resolveMemoryOptions({ highThreshold: 0.8 }, base)).toThrow(/memory\.highThreshold/)
    expect(resolveMemoryOptions({ highThreshold: 0.8 }).highThreshold).toBe(0.8)
  })

  test('refuse a name that does not exist, and what is no object', () => {
    expect(() => resolveMemoryOptions({ totallimit: 5 } as object)).toThrow(/memory\.totallimit.*one of totalLimit, /)
    expect(() => resolveMemoryOptions({ __proto__: null, toString: 1 } as object)).toThrow(/memory\.toString/)
    for (const value of [null, 5, 'x', []]) {
      expect(() => resolveMemoryOptions(value as object)).toThrow(/"memory": expected an object/)
    }
  })

  test('cannot be changed behind the back of whoever holds them', () => {
    expect(Object.isFrozen(resolveMemoryOptions({ minIdleTime: 5 }))).toBe(true)
    expect(Object.isFrozen(defaultMemoryOptions)).toBe(true)
  })
})

describe('the limit', () => {
  test('is 90% of a smaller cgroup limit', () => {
    expect(effectiveLimit(1_000, 500)).toBe(450)
    expect(effectiveLimit(1_000, 1_100)).toBe(990)
    expect(effectiveLimit(1_000, 2_000)).toBe(1_000)
  })

  test.each([null, undefined, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 64, 9_223_372_036_854_771_712])(
    'takes %s for no cgroup limit',
    (none) => {
      expect(effectiveLimit(1_000, none)).toBe(1_000)
    },
  )
})
