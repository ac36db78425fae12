import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator, componentOptions, isComponentNotFoundError } from '../../src/index.ts'
import type { ComponentDefinition, ComponentInfo, FamilyDefinition } from '../../src/index.ts'
import {
  ConnectorFactory,
  LazyConnectionPool,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
  LazyStrategyManager,
  LazyValidatorManager,
} from '../../src/services/index.ts'
import { sortOptions } from '../../src/services/service-options.ts'
import { silent } from './connectors/connector-fixture.ts'

const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url)
const connector = new ConnectorFactory().register('fake', fixture('fake-connector.ts'), { listed: 0 })
const strategy = { module: new URL('../../src/examples/components/moving-average.ts', import.meta.url), config: {} }
const validator = { module: 'data:text/javascript,export default () => ({ validate: () => [] })' }

interface Facade extends AsyncDisposable {
  readonly name: string
  info(): ComponentInfo | ComponentInfo[]
  unload(options?: { deadline?: number }): Promise<unknown>
  shutdown(): Promise<void>
}

interface Case {
  readonly open: (
    coordinator: ComponentCoordinator,
    settings: object,
  ) => { facade: Facade; use: () => Promise<unknown> }
  readonly name: string
  /** What is registered once it has been used. */
  readonly component: string
}

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-facades-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const cases: Record<string, Case> = {
  'historical data': {
    name: 'historical-data',
    component: 'historical-data',
    open: (coordinator, settings) => {
      const facade = new LazyHistoricalDataService(coordinator, { path: join(scratch(), 'candles.db'), ...settings })
      return { facade, use: async () => facade.listSymbols() }
    },
  },
  orders: {
    name: 'order-service',
    component: 'order-service',
    open: (coordinator, settings) => {
      const facade = new LazyOrderService(coordinator, { path: join(scratch(), 'orders.db'), ...settings })
      return { facade, use: async () => facade.listOrders() }
    },
  },
  'connection pool': {
    name: 'connection-pool',
    component: 'connection-pool',
    open: (coordinator, settings) => {
      const facade = new LazyConnectionPool(coordinator, settings)
      return { facade, use: async () => facade.getPoolStats() }
    },
  },
  connectors: {
    name: 'exchange-connector',
    component: 'exchange-connector:fake',
    open: (coordinator, settings) => {
      const facade = new LazyConnectorManager(coordinator, { factory: connector, ...settings })
      return { facade, use: async () => facade.getConnector('fake').getCandles('A', '1h', { since: 0, limit: 1 }) }
    },
  },
  strategies: {
    name: 'strategy',
    component: 'strategy:a',
    open: (coordinator, settings) => {
      const facade = new LazyStrategyManager(coordinator, { strategies: { a: strategy }, ...settings })
      return { facade, use: async () => facade.start('a') }
    },
  },
  validators: {
    name: 'validator',
    component: 'validator:a',
    open: (coordinator, settings) => {
      const facade = new LazyValidatorManager(coordinator, { validators: { a: validator }, ...settings })
      const order = { symbol: 'A', side: 'buy', quantity: '1' } as const
      return { facade, use: async () => facade.validate('a', order) }
    },
  },
}

/** One value for each option that a service does not decide itself. */
const settings = {
  memoryEstimate: 33 * 1024 ** 2,
  priority: 7,
  timeout: 21_000,
  callTimeout: 20_000,
  maxQueue: 77,
  resourceLimits: { maxOldGenerationSizeMb: 400 },
  memoryLimit: 300 * 1024 ** 2,
  minIdleTime: 12_345,
  pinned: true,
  disposeTimeout: 4_321,
  restart: { intensity: 2 },
  hibernate: { timeout: 1_234 },
  env: { ...process.env, SPILLWAY_TEST: '1' },
  argv: ['--x'],
  execArgv: ['--no-warnings'],
}

function open(
  name: string,
  given: object = {},
): ReturnType<Case['open']> & Case & { coordinator: ComponentCoordinator } {
  const each = cases[name]!
  const coordinator = new ComponentCoordinator({ spareWorkers: 0, autoUnloadEnabled: false, logger: silent })
  onTestFinished(async () => void (await coordinator.shutdown()))
  return { ...each, ...each.open(coordinator, given), coordinator }
}

const list = (info: ComponentInfo | ComponentInfo[]): ComponentInfo[] => [info].flat()

describe.each(Object.keys(cases))('the facade of %s', (which) => {
  test('takes every option of a component that it does not decide itself, and a name; can be shut down after its coordinator', async () => {
    const definitions: (ComponentDefinition | FamilyDefinition)[] = []
    const coordinator = new ComponentCoordinator({ spareWorkers: 0, logger: silent })
    onTestFinished(async () => void (await coordinator.shutdown()))
    const spy = new Proxy(coordinator, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (key === 'registerComponent' || key === 'registerFamily') definitions.push(args[0] as ComponentDefinition)
          return Reflect.apply(value, target, args) as unknown
        }
      },
    })
    const { facade, use } = cases[which]!.open(spy, { ...settings, name: 'mine' })
    expect(facade.name).toBe('mine')
    expect(definitions[0]).toMatchObject({ ...settings, name: 'mine' })
    await use()
    expect(list(facade.info())).toMatchObject([
      { priority: 7, memoryEstimate: 33 * 1024 ** 2, memoryLimit: 300 * 1024 ** 2, minIdleTime: 12_345, pinned: true },
    ])
    await coordinator.shutdown()
    await expect(facade.shutdown()).resolves.toBeUndefined()
    // Whatever options components get: none is left out here.
    const decided = ['name', 'type', 'module', 'export', 'config', 'dependencies', 'optionalDependencies']
    const settable = componentOptions.filter((option) => !decided.includes(option))
    expect(() => open(which, Object.fromEntries(settable.map((option) => [option, undefined])))).not.toThrow()
  })

  test('refuses what it decides itself, and what nobody knows', () => {
    for (const option of ['module', 'config', 'dependencies', 'optionalDependencies', 'export', 'type', 'prioritty']) {
      expect(() => open(which, { [option]: 'x' })).toThrow(expect.objectContaining({ option }))
    }
    expect(() => open(which, { priority: 101 })).toThrow(expect.objectContaining({ option: 'priority' }))
  })

  test('tells of its components, unloads them, and shuts down them and nothing else, once; later calls reject; its name is free again', async () => {
    const { facade, use, coordinator, name, component, open: again } = open(which)
    expect(facade.name).toBe(name)
    const other = coordinator.registerComponent<typeof validatorApi>({ name: 'other', module: validator.module })
    await other.validate()
    await use()
    expect(list(facade.info())).toMatchObject([{ name: component, state: 'ready' }])
    expect([await facade.unload({ deadline: 1_000 })].flat()).toMatchObject([{ name: component, reason: 'requested' }])
    expect(list(facade.info())).toMatchObject([{ name: component, state: 'unloaded', unloads: 1 }])
    await use()
    expect(list(facade.info())).toMatchObject([{ state: 'ready', loads: 2 }])
    await Promise.all([facade.shutdown(), facade.shutdown(), facade[Symbol.asyncDispose]()])
    expect(coordinator.list().map((info) => [info.name, info.state])).toEqual([['other', 'ready']])
    for (const call of [use, async () => facade.unload(), async () => facade.info()]) {
      await expect(call()).rejects.toSatisfy(isComponentNotFoundError)
    }
    const next = again(coordinator, {})
    await next.use()
    await facade.shutdown()
    expect(list(next.facade.info())).toMatchObject([{ name: component, state: 'ready' }])
    expect(next.facade.name).toBe(name)
  })
})

test('a facade leaves alone who has its name since it was unregistered by it', async () => {
  const { facade, use, coordinator, open: again } = open('orders')
  await use()
  await coordinator.unregisterComponent('order-service')
  const next = again(coordinator, {})
  await next.use()
  await facade.shutdown()
  expect(coordinator.info('order-service').state).toBe('ready')
})

test('an option that a service has as a component has it is for both', () => {
  expect(
    sortOptions({ name: 'x', priority: 1, path: 'p', timeout: 5, pinned: undefined }, ['path', 'timeout']),
  ).toEqual({
    name: 'x',
    own: { path: 'p', timeout: 5 },
    settings: { priority: 1, timeout: 5 },
  })
})

declare const validatorApi: { validate(): unknown[] }

test('historical data wait for a locked database as long as they are told, which is no time to load', () => {
  const { facade } = open('historical data', { busyTimeout: 50, timeout: 20_000 })
  expect(facade.name).toBe('historical-data')
  expect(() => open('historical data', { busyTimeout: -1 })).toThrow(expect.objectContaining({ option: 'busyTimeout' }))
})
