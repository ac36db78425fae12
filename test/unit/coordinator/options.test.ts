import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ComponentCoordinator, componentOptions, InvalidOptionsError } from '../../../src/index.ts'
import type { ComponentDefinition, CoordinatorOptions } from '../../../src/index.ts'
import { resolveDefinition } from '../../../src/component/definition.ts'
import { fixture, sharedCoordinator, silent, sink } from '../../support/coordinator.ts'

const notDurations: unknown[] = [Number.NaN, -1, 0, Number.POSITIVE_INFINITY, 2 ** 31, '5', {}, 5n]

interface Refusal {
  readonly options: unknown
  readonly option: string
}
const name = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY })

describe('coordinator options', () => {
  const refusals: Refusal[] = [
    ...notDurations.map((value) => ({ options: { shutdownTimeout: value }, option: 'shutdownTimeout' })),
    ...['load', 'call', 'dispose'].flatMap((key) =>
      notDurations.map((value) => ({ options: { timeout: { [key]: value } }, option: `timeout.${key}` })),
    ),
    ...[Number.NaN, -1, 1.5, 65, '1'].map((value) => ({ options: { spareWorkers: value }, option: 'spareWorkers' })),
    ...[1, {}, { now: () => 0 }].map((value) => ({ options: { clock: value }, option: 'clock' })),
    ...['clock', 'spareWorkers', 'shutdownTimeout', 'memory', 'timeout', 'autoUnloadEnabled'].map((key) => ({
      options: { [key]: null },
      option: key,
    })),
    ...['load', 'call', 'dispose'].map((key) => ({ options: { timeout: { [key]: null } }, option: `timeout.${key}` })),
    { options: { timeout: 5 }, option: 'timeout' },
    { options: { timeout: { laod: 5 } }, option: 'timeout.laod' },
    { options: { autoUnloadEnabled: 'yes' }, option: 'autoUnloadEnabled' },
    { options: { logger: {} }, option: 'logger' },
    { options: { logger: null }, option: 'logger' },
    { options: { shutdwonTimeout: 5 }, option: 'shutdwonTimeout' },
    { options: null, option: 'options' },
    { options: [], option: 'options' },
    { options: 5, option: 'options' },
    { options: { memory: { totalLimit: 0 } }, option: 'memory.totalLimit' },
    { options: { memory: { totalLimit: Number.NaN } }, option: 'memory.totalLimit' },
    { options: { memory: { checkInterval: 0 } }, option: 'memory.checkInterval' },
    { options: { memory: { minIdleTime: -1 } }, option: 'memory.minIdleTime' },
    { options: { memory: { lowThreshold: 0.8 } }, option: 'memory.mediumThreshold' },
    { options: { memory: { criticalThreshold: 1.5 } }, option: 'memory.criticalThreshold' },
    { options: { memory: { limit: 5 } }, option: 'memory.limit' },
  ]

  it.each(refusals.map((refusal) => ({ ...refusal, shown: name(refusal.options) })))(
    '$shown: $option is refused',
    ({ options, option }) => {
      const create = (): unknown => new ComponentCoordinator({ logger: silent, ...(options as CoordinatorOptions) })
      const bare = (): unknown => new ComponentCoordinator(options as CoordinatorOptions)
      const attempt = typeof options === 'object' && options !== null && !Array.isArray(options) ? create : bare
      expect(attempt).toThrow(InvalidOptionsError)
      expect(attempt).toThrow(expect.objectContaining({ option, code: 'ERR_INVALID_OPTIONS' }))
      expect(attempt).toThrow(/^Invalid option ".+": expected .+, got .+/)
    },
  )
})

describe('a logger', () => {
  it('that lacks what is always needed is refused by their names, and told is what would be silent', () => {
    const create = (logger: unknown) => (): unknown => new ComponentCoordinator({ logger: logger as never })
    const sentence = 'a pino logger, or an object with its methods'
    expect(create(console)).toThrow(
      `${sentence} (it has no child); pino({ level: 'silent' }) or SPILLWAY_LOG_LEVEL=silent writes nothing, got an object`,
    )
    expect(create({ child: () => console })).toThrow('(it has no info)')
    expect(create(false)).toThrow(`${sentence}; pino`)
  })
})

describe('a definition', () => {
  const coordinator = sharedCoordinator()
  const duration = (key: string): Refusal[] =>
    notDurations.filter((value) => value !== null).map((value) => ({ options: { [key]: value }, option: key }))
  const refusals: Refusal[] = [
    ...['', '  ', 5, null, undefined, {}].map((value) => ({ options: { name: value }, option: 'name' })),
    ...['', 5, null, undefined, {}].map((value) => ({ options: { module: value }, option: 'module' })),
    ...duration('timeout'),
    ...duration('callTimeout'),
    ...duration('disposeTimeout'),
    ...[-1, 101, Number.NaN, 'high'].map((value) => ({ options: { priority: value }, option: 'priority' })),
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, '1', '1 apple'].map((value) => ({
      options: { memoryEstimate: value },
      option: 'memoryEstimate',
    })),
    ...[0, -1, Number.NaN, 512, Number.POSITIVE_INFINITY].map((value) => ({
      options: { memoryLimit: value },
      option: 'memoryLimit',
    })),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({
      options: { maxQueue: value },
      option: 'maxQueue',
    })),
    ...[-1, Number.NaN].map((value) => ({ options: { minIdleTime: value }, option: 'minIdleTime' })),
    { options: { pinned: 'yes' }, option: 'pinned' },
    { options: { type: '' }, option: 'type' },
    { options: { export: '' }, option: 'export' },
    { options: { dependencies: 'a' }, option: 'dependencies' },
    { options: { dependencies: ['a', ''] }, option: 'dependencies[1]' },
    { options: { idempotent: 'get' }, option: 'idempotent' },
    { options: { idempotent: ['get', ''] }, option: 'idempotent[1]' },
    ...['.', 'a..b', '.a', 'a.'].map((value) => ({ options: { idempotent: [value] }, option: 'idempotent[0]' })),
    // Null is no way to say nothing, whatever the option.
    ...componentOptions
      .filter((option) => option !== 'config')
      .map((option) => ({ options: { [option]: null }, option })),
    ...['intensity', 'period', 'backoff'].map((key) => ({
      options: { restart: { [key]: null } },
      option: `restart.${key}`,
    })),
    ...['maxMemory', 'maxSize', 'directory', 'timeout'].map((key) => ({
      options: { hibernate: { [key]: null } },
      option: `hibernate.${key}`,
    })),
    { options: { recycle: { overlap: null } }, option: 'recycle.overlap' },
    { options: { dependencies: [5] }, option: 'dependencies[0]' },
    { options: { memorylimit: 2 ** 30 }, option: 'memorylimit' },
    { options: { hibernate: { maxsize: 1 } }, option: 'hibernate.maxsize' },
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_001].flatMap((value) => [
      { options: { instances: value }, option: 'instances' },
      { options: { instances: { max: value } }, option: 'instances.max' },
    ]),
    ...['4', true, null, []].map((value) => ({ options: { instances: value }, option: 'instances' })),
    ...[0, -1, 1.5, Number.NaN, 4, '1', null].map((value) => ({
      options: { instances: { min: value, max: 3 } },
      option: 'instances.min',
    })),
    ...[0, -1, 1.5, Number.NaN, '1', null].map((value) => ({
      options: { instances: { max: 2, concurrency: value } },
      option: 'instances.concurrency',
    })),
    { options: { instances: {} }, option: 'instances.max' },
    { options: { instances: { min: 1 } }, option: 'instances.max' },
    { options: { instances: { max: 2, most: 3 } }, option: 'instances.most' },
    { options: { instances: 2, hibernate: {} }, option: 'instances' },
    ...[0, -1, 1.5, Number.NaN, '3', null].map((value) => ({
      options: { recycle: { calls: value } },
      option: 'recycle.calls',
    })),
    ...notDurations.map((value) => ({ options: { recycle: { age: value } }, option: 'recycle.age' })),
    ...[0, 1, Number.NaN, '5', 'much', null].map((value) => ({
      options: { recycle: { memory: value } },
      option: 'recycle.memory',
    })),
    { options: { recycle: { overlap: 1 } }, option: 'recycle.overlap' },
    { options: { recycle: { call: 1 } }, option: 'recycle.call' },
    ...[5, null, [], 'often'].map((value) => ({ options: { recycle: value }, option: 'recycle' })),
    { options: { restart: 5 }, option: 'restart' },
    { options: { restart: { retries: 5 } }, option: 'restart.retries' },
    { options: { restart: { intensity: -1 } }, option: 'restart.intensity' },
    { options: { restart: { period: 0 } }, option: 'restart.period' },
    { options: { restart: { backoff: 60_001 } }, option: 'restart.backoff' },
    { options: { restart: { backoff: Number.NaN } }, option: 'restart.backoff' },
    ...[0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e12].map((value) => ({
      options: { resourceLimits: { maxOldGenerationSizeMb: value } },
      option: 'resourceLimits.maxOldGenerationSizeMb',
    })),
    { options: { resourceLimits: { maxYoungGenerationSizeMb: 0 } }, option: 'resourceLimits.maxYoungGenerationSizeMb' },
    { options: { resourceLimits: { stackSizeMb: 0.1 } }, option: 'resourceLimits.stackSizeMb' },
    { options: { resourceLimits: { codeRangeSizeMb: -1 } }, option: 'resourceLimits.codeRangeSizeMb' },
    { options: { resourceLimits: { maxOldGenerationSizeMB: 64 } }, option: 'resourceLimits.maxOldGenerationSizeMB' },
    { options: { resourceLimits: 64 }, option: 'resourceLimits' },
    { options: { config: () => 1 }, option: 'config' },
    { options: { config: { deep: [Symbol('s')] } }, option: 'config' },
    { options: { env: 'A=1' }, option: 'env' },
    { options: { argv: 'a b' }, option: 'argv' },
    { options: { execArgv: [1] }, option: 'execArgv[0]' },
  ]

  it.each(refusals.map((refusal, index) => ({ ...refusal, index })))(
    '$index: a bad $option is refused, and nothing is registered',
    ({ options, option }) => {
      const before = coordinator.list().length
      const definition = { ...sink('refused'), ...(options as Partial<ComponentDefinition>) }
      const register = (): unknown => coordinator.registerComponent(definition)
      expect(register).toThrow(expect.objectContaining({ option, code: 'ERR_INVALID_OPTIONS' }))
      expect(coordinator.list()).toHaveLength(before)
    },
  )

  it.each([null, 5, 'name', []])('%j is none', (definition) => {
    expect(() => coordinator.registerComponent(definition as unknown as ComponentDefinition)).toThrow(
      expect.objectContaining({ option: 'definition' }),
    )
  })

  it('finds its module by URL, path and package', () => {
    const defaults = { load: 1, call: undefined, dispose: 1 }
    const moduleOf = (module: string | URL): string => resolveDefinition({ name: 'm', module }, defaults).module
    const url = fixture('kitchen-sink.ts')
    expect(moduleOf(url)).toBe(url.href)
    expect(moduleOf(url.href)).toBe(url.href)
    expect(moduleOf(url.pathname)).toBe(url.href)
    expect(moduleOf('./test/fixtures/kitchen-sink.ts')).toBe(
      new URL('test/fixtures/kitchen-sink.ts', `file://${process.cwd()}/`).href,
    )
    expect(moduleOf('comlink')).toMatch(/^file:.*comlink/)
    expect(moduleOf('node:path')).toBe('node:path')
    expect(moduleOf('data:text/javascript,export default {}')).toBe('data:text/javascript,export default {}')
    expect(moduleOf('no-such-package')).toBe('no-such-package')
  })
})
