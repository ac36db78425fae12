import { describe, expect, it } from 'vitest'
import {
  ComponentFailedError,
  ComponentLoadError,
  ComponentNotFoundError,
  CoordinatorShutdownError,
  DependencyCycleError,
  DuplicateComponentError,
  InvalidOptionsError,
} from '../../src/index.ts'
import type { LoadEvent } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, quietCoordinator, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

describe('registration', () => {
  it('loads nothing', () => {
    coordinator.registerComponent<KitchenSink>(sink('registered'))
    expect(coordinator.info('registered')).toMatchObject({ state: 'unloaded', generation: 0, loads: 0, memory: null })
    expect(coordinator.list().map(({ name }) => name)).toContain('registered')
    expect(coordinator.info('registered')).toMatchObject({ state: 'unloaded', loads: 0 })
  })

  it('fills in the defaults', () => {
    coordinator.registerComponent(sink('defaults'))
    expect(coordinator.info('defaults')).toMatchObject({
      name: 'defaults',
      type: 'component',
      state: 'unloaded',
      generation: 0,
      priority: 50,
      pinned: false,
      dependencies: [],
      dependents: [],
      inUse: 0,
      idleTime: expect.any(Number) as number,
      lastAccess: null,
      loads: 0,
      unloads: 0,
      crashes: 0,
      calls: 0,
      errors: 0,
      lastLoadTime: null,
      memoryEstimate: 0,
      memory: null,
    })
  })

  it('refuses a name twice', () => {
    coordinator.registerComponent(sink('taken'))
    expect(() => coordinator.registerComponent(sink('taken'))).toThrow(DuplicateComponentError)
  })

  it('refuses a cycle of dependencies, and tells its path', () => {
    coordinator.registerComponent(sink('cycle-a', { dependencies: ['cycle-b'] }))
    coordinator.registerComponent(sink('cycle-b', { dependencies: ['registered', 'cycle-c'] }))
    expect(() => coordinator.registerComponent(sink('cycle-c', { dependencies: ['cycle-a'] }))).toThrow(
      expect.objectContaining({ path: ['cycle-c', 'cycle-a', 'cycle-b', 'cycle-c'] }),
    )
    expect(() => coordinator.registerComponent(sink('selfish', { dependencies: ['selfish'] }))).toThrow(
      DependencyCycleError,
    )
    expect(() => coordinator.info('selfish')).toThrow(ComponentNotFoundError)
  })

  it('clones the config at once', async () => {
    const config = { greeting: 'good day' }
    const remote = coordinator.registerComponent<KitchenSink>(sink('config', { config }))
    config.greeting = 'changed since'
    expect(await remote.greet('you')).toBe('good day you')
  })

  it('does not know what was not registered', async () => {
    expect(() => coordinator.component('nobody')).toThrow(ComponentNotFoundError)
    expect(() => coordinator.info('nobody')).toThrow(/registered: /)
    expect(() => coordinator.resetComponent('nobody')).toThrow(ComponentNotFoundError)
    expect(() => coordinator.createEndpoint('nobody')).toThrow(ComponentNotFoundError)
    await expect(coordinator.getComponent('nobody')).rejects.toBeInstanceOf(ComponentNotFoundError)
    await expect(coordinator.acquire('nobody')).rejects.toBeInstanceOf(ComponentNotFoundError)
    await expect(coordinator.unloadComponent('nobody')).rejects.toBeInstanceOf(ComponentNotFoundError)
    await expect(coordinator.unregisterComponent('nobody')).rejects.toBeInstanceOf(ComponentNotFoundError)
    await expect(coordinator.preload(['registered', 'nobody'])).rejects.toBeInstanceOf(ComponentNotFoundError)
    expect(coordinator.info('registered').state).toBe('unloaded')
  })
})

describe('loading', () => {
  it('starts one worker and one initialiser for 100 concurrent first calls', async () => {
    const attempts = new SharedArrayBuffer(4)
    const counter = new Int32Array(attempts)
    const remote = coordinator.registerComponent<{ attempts(): number }>({
      name: 'once',
      module: fixture('broken/initialisers.mjs'),
      export: 'failsAtFirst',
      config: { counter, failures: 0 },
    })
    const loads: LoadEvent[] = []
    const listener = (event: LoadEvent): void => void loads.push(event)
    coordinator.on('load', listener)
    const answers = await Promise.all(Array.from({ length: 100 }, async () => remote.attempts()))
    coordinator.off('load', listener)
    expect(answers).toEqual(Array.from({ length: 100 }, () => 1))
    expect(counter[0]).toBe(1)
    expect(loads).toMatchObject([{ name: 'once', generation: 1, cause: { by: 'call', of: null } }])
    expect(coordinator.info('once')).toMatchObject({ state: 'ready', generation: 1, loads: 1, calls: 100, errors: 0 })
  })

  it('happens with getComponent, not with component', async () => {
    coordinator.registerComponent(sink('got'))
    const known = coordinator.component<KitchenSink>('got')
    expect(coordinator.info('got').state).toBe('unloaded')
    const loaded = await coordinator.getComponent<KitchenSink>('got')
    expect(coordinator.info('got')).toMatchObject({ state: 'ready', inUse: 0 })
    expect(await loaded.generation()).toBe(1)
    expect(await known.generation()).toBe(1)
  })

  it('goes on when one who asked for it gives up', async () => {
    coordinator.registerComponent(sink('patient', { config: { initDelay: 100 } }))
    const reason = new Error('changed my mind')
    const abort = new AbortController()
    const given = coordinator.getComponent('patient', { signal: abort.signal })
    const waiting = coordinator.getComponent<KitchenSink>('patient')
    abort.abort(reason)
    expect(await rejection(given)).toBe(reason)
    expect(await (await waiting).generation()).toBe(1)
    await expect(coordinator.getComponent('patient', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('is done for several, side by side, with preload', async () => {
    const names = ['preload-a', 'preload-b', 'preload-c']
    for (const name of names) coordinator.registerComponent(sink(name, { config: { initDelay: 50 } }))
    await coordinator.preload(names)
    expect(names.map((name) => coordinator.info(name).state)).toEqual(['ready', 'ready', 'ready'])
  })

  it('tells of every component that preload could not load', async () => {
    for (const name of ['bad-a', 'bad-b']) {
      coordinator.registerComponent({ name, module: fixture('broken/throws.mjs') })
    }
    expect(await rejection(coordinator.preload(['bad-a', 'registered']))).toBeInstanceOf(ComponentLoadError)
    const error = await rejection(coordinator.preload(['bad-a', 'bad-b']))
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toHaveLength(2)
  })

  it('tells what a component is, was and does', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('informed', { type: 'test', priority: 7, pinned: true, memoryEstimate: 1024, dependencies: ['defaults'] }),
    )
    const before = Date.now()
    await remote.add(1, 2)
    await rejection(remote.throwError())
    const pending = remote.sleep(30)
    expect(coordinator.info('informed')).toMatchObject({
      type: 'test',
      state: 'ready',
      priority: 7,
      pinned: true,
      memoryEstimate: 1024,
      dependencies: ['defaults'],
      inUse: 1,
      idleTime: 0,
    })
    await pending
    const { calls, errors, lastAccess, lastLoadTime, inUse } = coordinator.info('informed')
    expect({ calls, errors, inUse }).toEqual({ calls: 3, errors: 1, inUse: 0 })
    expect(lastAccess).toBeGreaterThanOrEqual(before)
    expect(lastLoadTime).toBeGreaterThan(0)
    expect(coordinator.info('defaults')).toMatchObject({ state: 'ready', dependents: ['informed'] })
  })
})

describe('a durable proxy', () => {
  it('stays valid across unloads, and keeps the counts', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('durable'))
    const { add } = remote
    for (let generation = 1; generation <= 3; generation++) {
      expect(await remote.generation()).toBe(generation)
      expect(await add(generation, 1)).toBe(generation + 1)
      const report = await coordinator.unloadComponent('durable')
      expect(report).toMatchObject({ name: 'durable', generation, reason: 'requested', zombie: false })
      expect(coordinator.info('durable')).toMatchObject({
        state: 'unloaded',
        unloads: generation,
        calls: generation * 2,
      })
    }
  })

  it('stays valid across crashes', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('crashing'))
    for (let generation = 1; generation <= 2; generation++) {
      expect(await remote.generation()).toBe(generation)
      await rejection(remote.exit(1))
    }
    expect(await remote.generation()).toBe(3)
    expect(coordinator.info('crashing')).toMatchObject({ crashes: 2, loads: 3, state: 'ready' })
  })

  it('can be awaited, passed about and put into a string', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('passed'))
    // oxlint-disable-next-line typescript/await-thenable -- what an async function that returns it does
    expect(await remote).toBe(remote)
    expect(await Promise.resolve(remote)).toBe(remote)
    // oxlint-disable-next-line typescript/restrict-template-expressions, typescript/no-base-to-string -- what careless logging does
    expect(`${remote} ${remote.nested.deep}`).toBe('[remote passed] [remote passed.nested.deep]')
    expect(JSON.stringify({ remote })).toBe('{"remote":{}}')
    expect(coordinator.info('passed').state).toBe('unloaded')
  })

  it('is read-only', () => {
    const remote = coordinator.component<Record<string, unknown>>('passed') as Record<string, unknown>
    expect(() => {
      remote['add'] = () => 0
    }).toThrow('read-only')
    expect(() => Reflect.deleteProperty(remote, 'add')).toThrow('read-only')
    expect(() => Object.setPrototypeOf(remote, {})).toThrow('read-only')
    expect(() => Object.defineProperty(remote, 'add', { value: 1 })).toThrow('read-only')
  })
})

describe('leases', () => {
  it('load a component and keep it in use', async () => {
    coordinator.registerComponent(sink('leased'))
    const first = await coordinator.acquire<KitchenSink>('leased')
    const second = await coordinator.acquire<KitchenSink>('leased')
    expect(await first.component.generation()).toBe(1)
    expect(coordinator.info('leased')).toMatchObject({ inUse: 2, idleTime: 0 })
    first.release()
    first.release()
    expect(coordinator.info('leased').inUse).toBe(1)
    second[Symbol.dispose]()
    expect(coordinator.info('leased').inUse).toBe(0)
  })

  it('hold off an unload until they are given back', async () => {
    const lease = await coordinator.acquire<KitchenSink>('leased')
    const unloading = coordinator.unloadComponent('leased')
    expect(await lease.component.generation()).toBe(1)
    expect(coordinator.info('leased').state).toBe('draining')
    lease.release()
    expect(await unloading).toMatchObject({ generation: 1 })
  })

  it('hold it off no longer than its deadline', async () => {
    using lease = await coordinator.acquire<KitchenSink>('leased')
    const { times } = await coordinator.unloadComponent('leased', { deadline: 50 })
    expect(times.drain).toBeGreaterThanOrEqual(45)
    expect(await lease.component.generation()).toBe(3)
  })

  it('are not held by one whose load failed', async () => {
    coordinator.registerComponent({ name: 'unleasable', module: fixture('broken/throws.mjs') })
    await expect(coordinator.acquire('unleasable')).rejects.toBeInstanceOf(ComponentLoadError)
    expect(coordinator.info('unleasable').inUse).toBe(0)
  })
})

describe('unregistering', () => {
  it('unloads a component and frees its name', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('leaving'))
    await remote.add(1, 1)
    const pending = remote.sleep(50)
    const unregistering = coordinator.unregisterComponent('leaving')
    await expect(remote.add(1, 1)).rejects.toBeInstanceOf(ComponentNotFoundError)
    expect(await pending).toBe('slept')
    expect(await unregistering).toMatchObject({ name: 'leaving', reason: 'unregistered' })
    expect(() => coordinator.info('leaving')).toThrow(ComponentNotFoundError)
    await expect(remote.add(1, 1)).rejects.toBeInstanceOf(ComponentNotFoundError)
    const again = coordinator.registerComponent<KitchenSink>(sink('leaving'))
    expect(await again.generation()).toBe(1)
  })

  it('gives up a load under way', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('leaving-early', { config: { initDelay: 60_000 } }))
    const call = rejection(remote.add(1, 1))
    const load = rejection(coordinator.getComponent('leaving-early'))
    await until(() => coordinator.info('leaving-early').state === 'loading')
    await coordinator.unregisterComponent('leaving-early')
    expect(await call).toBeInstanceOf(ComponentNotFoundError)
    expect(await load).toBeInstanceOf(ComponentNotFoundError)
  })

  it('leaves a dependent whose calls then say what is missing', async () => {
    coordinator.registerComponent(sink('needed'))
    const dependent = coordinator.registerComponent<typeof dependentModule>({
      name: 'needy',
      module: fixture('dependent.ts'),
      dependencies: ['needed'],
    })
    expect(await dependent.count('needed')).toBe(1)
    await coordinator.unregisterComponent('needed')
    await expect(dependent.count('needed')).rejects.toMatchObject({
      code: 'ERR_COMPONENT_NOT_FOUND',
      component: 'needed',
    })
    coordinator.registerComponent(sink('needed'))
    expect(await dependent.count('needed')).toBe(1)
  })
})

describe('reset', () => {
  it('lets a component that backs off load at once', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    const remote = coordinator.registerComponent<{ attempts(): number }>({
      name: 'failing',
      module: fixture('broken/initialisers.mjs'),
      export: 'failsAtFirst',
      config: { counter, failures: 3 },
      restart: { intensity: 1, backoff: 30_000 },
    })
    await expect(remote.attempts()).rejects.toMatchObject({ message: expect.stringContaining('attempt 1') as string })
    await expect(remote.attempts()).rejects.toBeInstanceOf(ComponentLoadError)
    expect(coordinator.info('failing').state).toBe('failed')
    const error = (await rejection(remote.attempts())) as ComponentFailedError
    expect(error).toBeInstanceOf(ComponentFailedError)
    expect(error.retryAt - Date.now()).toBeGreaterThan(25_000)
    expect(error.cause).toBeInstanceOf(ComponentLoadError)
    expect(counter[0]).toBe(2)
    coordinator.resetComponent('failing')
    await expect(remote.attempts()).rejects.toMatchObject({ message: expect.stringContaining('attempt 3') as string })
    expect(await remote.attempts()).toBe(4)
  })

  it('is not needed once the time has come', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    const remote = coordinator.registerComponent<{ attempts(): number }>({
      name: 'recovering',
      module: fixture('broken/initialisers.mjs'),
      export: 'failsAtFirst',
      config: { counter, failures: 1 },
      restart: { intensity: 0, backoff: 100 },
    })
    await rejection(remote.attempts())
    const { retryAt } = (await rejection(remote.attempts())) as ComponentFailedError
    await until(() => Date.now() >= retryAt)
    expect(await remote.attempts()).toBe(2)
  })
})

describe('after the shutdown', () => {
  it('everything rejects with CoordinatorShutdownError', async () => {
    const closed = quietCoordinator()
    const remote = closed.registerComponent<KitchenSink>(sink('a'))
    await remote.add(1, 1)
    await closed.shutdown()
    await expect(remote.add(1, 1)).rejects.toBeInstanceOf(CoordinatorShutdownError)
    await expect(closed.getComponent('a')).rejects.toBeInstanceOf(CoordinatorShutdownError)
    await expect(closed.acquire('a')).rejects.toBeInstanceOf(CoordinatorShutdownError)
    await expect(closed.preload(['a'])).rejects.toBeInstanceOf(CoordinatorShutdownError)
    expect(() => closed.registerComponent(sink('b'))).toThrow(CoordinatorShutdownError)
    expect(() => closed.registerFamily({ name: 'f', module: fixture('kitchen-sink.ts') })).toThrow(
      CoordinatorShutdownError,
    )
    expect(() => closed.createEndpoint('a')).toThrow(CoordinatorShutdownError)
    expect(closed.info('a')).toMatchObject({ state: 'unloaded', unloads: 1 })
  })
})

describe('bad deadlines', () => {
  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 31])('%s is refused', async (deadline) => {
    await expect(coordinator.unloadComponent('defaults', { deadline })).rejects.toBeInstanceOf(InvalidOptionsError)
    expect(() => coordinator.shutdown({ deadline })).toThrow(InvalidOptionsError)
    expect(coordinator.info('defaults').state).toBe('ready')
  })
})
