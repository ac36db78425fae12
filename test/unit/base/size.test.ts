import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { toBytes } from '../../../src/index.ts'
import type { ComponentContext } from '../../../src/worker.ts'
import type { ComponentDefinition, ComponentCoordinator, CoordinatorOptions, Size } from '../../../src/index.ts'
import { toBytes as toBytesInWorkers } from '../../../src/worker.ts'
import { resolveDefinition } from '../../../src/component/definition.ts'
import { resolveMemoryOptions } from '../../../src/memory/options.ts'
import { parsePoolConfig } from '../../../src/services/connection-pool/config.ts'
import { parseConnectorConfig } from '../../../src/services/connectors/config.ts'
import { parseHistoricalDataConfig } from '../../../src/services/historical-data/config.ts'

const kib = 1024
const mib = kib ** 2
const gib = kib ** 3
const tib = kib ** 4

describe('a size', () => {
  it.each([
    [512, 512],
    [0, 0],
    ['512mb', 512 * mib],
    ['1.5 GiB', 1.5 * gib],
    ['0b', 0],
    ['17 B', 17],
    ['1k', kib],
    ['1KB', kib],
    ['1Kib', kib],
    ['2m', 2 * mib],
    ['2MiB', 2 * mib],
    ['3G', 3 * gib],
    ['3gb', 3 * gib],
    ['4TB', 4 * tib],
    ['4tib', 4 * tib],
    ['0.1kb', 102],
    ['007mb', 7 * mib],
    ['8191.9tb', Math.round(8191.9 * tib)],
  ])('%j is %d bytes', (size, bytes) => {
    expect(toBytes(size)).toBe(bytes)
  })

  it.each(
    [
      '',
      ' ',
      '512',
      'mb',
      '1e3mb',
      '-1mb',
      '+1mb',
      '1 000mb',
      '1_000mb',
      '1,5gb',
      '1.gb',
      '.5gb',
      '1.2.3gb',
      '0x10mb',
      'NaNgb',
      'Infinitygb',
      '٣mb',
      '５mb',
      '1\u212Ab', // KELVIN SIGN, which is a k to a pattern that knows Unicode
      '1 mb ',
      ' 1mb',
      '1mb\n',
      '1\nmb',
      '1\tmb',
      '1mb; 2mb',
      '1mbit',
      '1Mi',
      '1 byte',
      '1pb',
      '9999999tb',
      `${'9'.repeat(400)}b`,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      2 ** 53,
      5n,
      null,
      undefined,
      true,
      ['5mb'],
      { toString: () => '5mb' },
      new String('5mb'),
    ].map((size) => ({ size, shown: inspect(size) })),
  )('$shown is none', ({ size }) => {
    const refused = expect.objectContaining({
      option: 'memory',
      expected: expect.stringMatching(
        /^a number of bytes(, 0 or more| from 0 to 9007199254740991), or a string with a unit \('512mb', '1\.5 GiB'\)$/,
      ),
    })
    expect(() => toBytes(size as Size, { option: 'memory' })).toThrow(refused)
  })

  it('is held to bounds in bytes, and refused as it was written', () => {
    const bounds = { option: 'maxBuffer', min: kib, max: mib }
    expect(toBytesInWorkers('1mb', bounds)).toBe(mib)
    const expected = "a number of bytes from 1024 to 1048576, or a string with a unit ('512mb', '1.5 GiB')"
    expect(() => toBytes('1.1mb', bounds)).toThrow(
      expect.objectContaining({ option: 'maxBuffer', expected, received: '"1.1mb"' }),
    )
    expect(() => toBytes('1023b', bounds)).toThrow(expect.objectContaining({ option: 'maxBuffer' }))
  })

  it('that is too large is told how large it may be', () => {
    const most = expect.objectContaining({
      expected: expect.stringContaining(' from 1024 to 9007199254740991,') as string,
    })
    for (const size of ['9999999tb', 2 ** 53, Number.POSITIVE_INFINITY])
      expect(() => toBytes(size, { min: kib })).toThrow(most)
    for (const size of ['1b', '5']) expect(() => toBytes(size, { min: kib })).toThrow(/bytes, 1024 or more,/)
  })

  it('may be written as a string wherever there are bytes', () => {
    expectTypeOf<'1mb'>().toExtend<NonNullable<ComponentDefinition['memoryLimit']>>()
    expectTypeOf<string>().toExtend<Parameters<ComponentContext['reportMemory']>[0]>()
    expectTypeOf<string>().toExtend<Parameters<ComponentCoordinator['memory']['freeMemory']>[0]>()
    expectTypeOf<{ totalLimit: string }>().toExtend<NonNullable<CoordinatorOptions['memory']>>()
    // What is told is always bytes.
    expectTypeOf<ComponentCoordinator['memory']['options']['totalLimit']>().toEqualTypeOf<number>()
  })
})

describe('options that are sizes', () => {
  const define = (options: Partial<ComponentDefinition>): ReturnType<typeof resolveDefinition> =>
    resolveDefinition({ name: 'a', module: 'node:fs', ...options }, { load: 1, call: undefined, dispose: 1 })
  const places: readonly [option: string, resolve: (size: Size) => unknown][] = [
    ['memoryEstimate', (memoryEstimate) => define({ memoryEstimate }).memoryEstimate],
    ['memoryLimit', (memoryLimit) => define({ memoryLimit }).memoryLimit],
    ['hibernate.maxMemory', (maxMemory) => define({ hibernate: { maxMemory } }).hibernate.maxMemory],
    ['hibernate.maxSize', (maxSize) => define({ hibernate: { maxSize } }).hibernate.maxSize],
    ['memory.totalLimit', (totalLimit) => resolveMemoryOptions({ totalLimit }).totalLimit],
    ['maxCacheSize', (maxCacheSize) => parseHistoricalDataConfig({ path: 'a.db', maxCacheSize }).maxCacheSize],
    ['maxBufferedBytes', (maxBufferedBytes) => parsePoolConfig({ maxBufferedBytes }).maxBufferedBytes],
    ['maxUnsentBytes', (maxUnsentBytes) => parsePoolConfig({ maxUnsentBytes }).maxUnsentBytes],
    ['maxResponseSize', (maxResponseSize) => parsePoolConfig({ maxResponseSize }).maxResponseSize],
    ['maxResponseSize', (maxResponseSize) => parseConnectorConfig({ exchange: 'a', maxResponseSize }).maxResponseSize],
  ]

  it.each(places)('%s', (option, resolve) => {
    expect(resolve('64mb')).toBe(64 * mib)
    expect(resolve(64 * mib)).toBe(64 * mib)
    expect(() => resolve('64')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option, expected: expect.stringContaining("'512mb'") }),
    )
  })

  it("but not V8's own, which are numbers of MB", () => {
    expect(() => define({ resourceLimits: { maxOldGenerationSizeMb: '64mb' as unknown as number } })).toThrow(
      expect.objectContaining({ option: 'resourceLimits.maxOldGenerationSizeMb' }),
    )
  })
})
