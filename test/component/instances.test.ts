import { describe, expect, it } from 'vitest'
import { proxy, withCallOptions } from '../../src/index.ts'
import type { CrashEvent, LoadEvent } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import type dependent from '../fixtures/dependent.ts'

const coordinator = sharedCoordinator()
const loads: LoadEvent[] = []
const crashes: CrashEvent[] = []
coordinator.on('load', (event) => loads.push(event))
coordinator.on('crash', (event) => crashes.push(event))
const copies = (name: string): string[] => coordinator.info(name).instances.map((each) => each.name)

describe('a component with several copies', () => {
  it('loads another one when all have enough to do, up to as many as it may have', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('pool', { instances: { max: 3 } }))
    expect(await remote.generation()).toBe(1)
    expect(copies('pool')).toEqual(['pool'])
    const calls = Array.from({ length: 4 }, async () => remote.sleep(20))
    await until(() => coordinator.info('pool').loads === 3)
    await Promise.all(calls)
    expect(copies('pool')).toEqual(['pool', 'pool#2', 'pool#3'])
    expect(coordinator.info('pool')).toMatchObject({ state: 'ready', calls: 5, errors: 0, inUse: 0, waiting: 0 })
    const loaded = loads.filter(({ name }) => name === 'pool').map(({ instance }) => instance)
    expect(new Set(loaded)).toEqual(new Set(['pool', 'pool#2', 'pool#3']))
  })

  it('has what is too much wait: whichever is free first takes the call that has waited longest', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('gated', { instances: { min: 2, max: 2 } }))
    await coordinator.preload(['gated'])
    const begun: number[] = []
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
    const calls = gates.map(async ({ promise }, i) => {
      const wait = async (): Promise<number> => {
        begun.push(i)
        return promise
      }
      return remote.callBack(proxy(wait), 1)
    })
    await until(() => begun.length === 2)
    expect(coordinator.info('gated')).toMatchObject({ waiting: 3 })
    for (const [i, next] of [1, 0, 2].entries()) {
      gates[next]?.resolve(next)
      await until(() => begun.length === 3 + i)
      expect(begun.at(-1)).toBe(2 + i)
    }
    for (const gate of gates) gate.resolve(0)
    await Promise.all(calls)
  })

  it('gives few calls to the first copies, so that the others become idle', async () => {
    const remote = coordinator.component<KitchenSink>('pool')
    for (let i = 0; i < 5; i++) expect(await remote.generation()).toBe(1)
  })

  it('is measured and planned copy by copy, and summed up', async () => {
    const { components } = await coordinator.memory.sample()
    const held = ['pool', 'pool#2', 'pool#3'].map((name) => components[name]?.total ?? 0)
    expect(Math.min(...held)).toBeGreaterThan(0)
    const { memory, instances } = coordinator.info('pool')
    expect(memory?.total).toBe(instances.reduce((sum, each) => sum + (each.memory?.total ?? 0), 0))
    const { victims, kept } = coordinator.memory.plan('critical')
    expect(
      [...victims, ...kept]
        .map(({ name }) => name)
        .filter((name) => name.startsWith('pool'))
        .toSorted(),
    ).toEqual(['pool', 'pool#2', 'pool#3'])
  })

  it('gives up idle copies one by one', async () => {
    const remote = coordinator.component<KitchenSink>('pool')
    const lease = await coordinator.acquire<KitchenSink>('pool')
    const own = await lease.component.generation()
    const { unloaded } = await coordinator.memory.freeMemory(2 ** 40)
    expect(unloaded.filter((name) => name.startsWith('pool'))).toHaveLength(2)
    expect(coordinator.info('pool').instances.map(({ generation }) => generation)).toEqual([own])
    lease.release()
    expect(await remote.generation()).toBe(own)
  })

  it('takes only the calls of a copy that crashes along', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('fragile', { instances: 2 }))
    await Promise.all([remote.sleep(50), remote.sleep(50)])
    await until(() => coordinator.info('fragile').loads === 2)
    const slow = remote.sleepAndTell(300)
    const dying = rejection(remote.exit(1))
    expect(await dying).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', generation: 2 })
    expect(await slow).toBe(1)
    expect(crashes.filter(({ name }) => name === 'fragile')).toMatchObject([{ generation: 2, instance: 'fragile#2' }])
    expect(coordinator.info('fragile')).toMatchObject({ state: 'ready', crashes: 1 })
  })

  it('backs off as a whole, while what is there goes on', async () => {
    const restart = { intensity: 0, backoff: 60_000 }
    const remote = coordinator.registerComponent<KitchenSink>(sink('shaky', { instances: 2, restart }))
    await Promise.all([remote.sleep(50), remote.sleep(50)])
    await until(() => coordinator.info('shaky').loads === 2)
    const slow = remote.sleepAndTell(400)
    await rejection(remote.exit(1))
    // No other copy is loaded: they wait for the one that there is.
    expect(await Promise.all([remote.generation(), remote.generation(), slow])).toEqual([1, 1, 1])
    expect(coordinator.info('shaky')).toMatchObject({ state: 'ready', loads: 2 })
    await rejection(remote.exit(1))
    expect(await rejection(remote.generation())).toMatchObject({ code: 'ERR_COMPONENT_FAILED' })
    coordinator.resetComponent('shaky')
    expect(await remote.generation()).toBe(3)
  })

  it('keeps streams and leases with their copy', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('keeping', { instances: 2 }))
    const first = await coordinator.acquire<KitchenSink>('keeping')
    const second = await coordinator.acquire<KitchenSink>('keeping')
    // Leases are no calls: there is one copy, which has both.
    expect(copies('keeping')).toEqual(['keeping'])
    const stream = await remote.numbers(3)
    const others = await Promise.all([remote.generation(), remote.generation()])
    expect(others).toEqual([2, 2])
    // The stream is under way there, and all the same.
    expect(await first.component.generation()).toBe(1)
    expect(await withCallOptions(second.component, { timeout: 5_000 }).generation()).toBe(1)
    const values: number[] = []
    for await (const value of stream) values.push(value)
    expect(values).toEqual([0, 1, 2])
    first.release()
    second.release()
  })

  it('loads as many as there have to be on first use, and leaves them loaded when they are idle', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('ready', { instances: { min: 2, max: 3 }, idleTimeout: 150 }),
    )
    await coordinator.preload(['ready'])
    expect(copies('ready')).toEqual(['ready', 'ready#2'])
    await Promise.all(Array.from({ length: 6 }, async () => remote.sleep(100)))
    await until(() => coordinator.info('ready').unloads > 0)
    expect(coordinator.info('ready').instances).toHaveLength(2)
    expect(coordinator.info('ready')).toMatchObject({ loads: 3, unloads: 1 })
  })

  it('is unloaded as a whole by name, and loaded again by the next call', async () => {
    const report = await coordinator.unloadComponent('ready')
    expect(report).toMatchObject({ name: 'ready', reason: 'requested', zombie: false })
    expect(report.instance).toBeUndefined()
    expect(coordinator.info('ready')).toMatchObject({ state: 'unloaded', instances: [], memory: null })
    expect(await coordinator.component<KitchenSink>('ready').add(1, 1)).toBe(2)
    await coordinator.unregisterComponent('ready')
    expect(await rejection(coordinator.getComponent('ready'))).toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
  })

  it('gives way where somebody registers a component of the name that a copy has', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('named', { instances: 2 }))
    await Promise.all([remote.sleep(50), remote.sleep(50)])
    expect(copies('named')).toEqual(['named', 'named#2'])
    const other = coordinator.registerComponent<KitchenSink>(sink('named#2'))
    expect(await other.generation()).toBe(1)
    expect(copies('named')).toEqual(['named', 'named#3'])
    expect(Object.keys((await coordinator.memory.sample()).components)).toEqual(
      expect.arrayContaining(['named', 'named#2', 'named#3']),
    )
  })

  it('as a dependency is called by its dependents copy by copy, which load more of them', async () => {
    coordinator.registerComponent(sink('library', { instances: 2 }))
    const user = coordinator.registerComponent<typeof dependent>({
      name: 'user',
      module: fixture('dependent.ts'),
      dependencies: ['library'],
    })
    await until(async () => new Set(await user.inParallel('library', 4, 60)).size === 2)
    expect(coordinator.info('library')).toMatchObject({ loads: 2 })
    // With dependents that are loaded one copy is needed, and only one.
    const { unloaded } = await coordinator.memory.freeMemory(2 ** 40)
    expect(unloaded.indexOf('user')).toBeGreaterThan(-1)
    expect(await user.inParallel('library', 2, 1)).toHaveLength(2)
  })
})
