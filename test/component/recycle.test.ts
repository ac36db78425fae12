import { describe, expect, it } from 'vitest'
import type { UnloadReport } from '../../src/index.ts'
import {
  fixture,
  quietCoordinator,
  rejection,
  sharedCell,
  sharedCoordinator,
  sink,
  until,
} from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import type dependent from '../fixtures/dependent.ts'
import type hibernating from '../fixtures/hibernating.ts'
import type loadsOnce from '../fixtures/loads-once.ts'

const coordinator = sharedCoordinator()
const unloads: UnloadReport[] = []
coordinator.on('unload', (report) => unloads.push(report))
/** Loads and unloads of it, in the order in which they were told. */
const told: string[] = []
coordinator.on('load', ({ name, generation }) => told.push(`${name} +${generation}`))
/** By component: the most workers that it had when one was loaded. */
const atLoads = new Map<string, number>()
coordinator.on('load', ({ name }) => {
  atLoads.set(name, Math.max(atLoads.get(name) ?? 0, coordinator.info(name).instances.length))
})
coordinator.on('unload', ({ name, generation }) => told.push(`${name} -${generation}`))
const history = (name: string): string[] =>
  told.filter((each) => each.startsWith(`${name} `)).map((each) => each.slice(name.length + 1))
const counts = (values: readonly number[]): number[] => {
  const perValue = new Map<number, number>()
  for (const value of values) perValue.set(value, (perValue.get(value) ?? 0) + 1)
  return [...perValue.values()]
}

describe('a component that is recycled after so many calls', () => {
  it('gets no more of them in each generation, one at a time and all at once', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('thrice', { recycle: { calls: 3 } }))
    const one: number[] = []
    for (let i = 0; i < 7; i++) one.push(await remote.generation())
    expect(one).toEqual([1, 1, 1, 2, 2, 2, 3])
    const many = await Promise.all(Array.from({ length: 8 }, async () => remote.generation()))
    expect(Math.max(...counts(many))).toBe(3)
    expect(coordinator.info('thrice')).toMatchObject({ calls: 15, errors: 0, crashes: 0, state: 'ready' })
    expect(unloads.filter(({ name }) => name === 'thrice').every(({ reason }) => reason === 'recycled')).toBe(true)
  })

  it('has one generation for each call, where that is what is wanted', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('one-shot', { recycle: { calls: 1 } }))
    const generations: number[] = []
    for (let i = 0; i < 3; i++) generations.push(await remote.generation())
    expect(generations).toEqual([1, 2, 3])
    // The next one is ready, and the old ones are gone.
    await until(() => coordinator.info('one-shot').unloads === 3)
    expect(coordinator.info('one-shot')).toMatchObject({ state: 'ready', generation: 4, inUse: 0 })
    expect(coordinator.info('one-shot').instances).toMatchObject([{ name: 'one-shot', generation: 4 }])
    const values: number[] = []
    for await (const value of remote.numbers(3)) values.push(value)
    expect(values).toEqual([0, 1, 2])
  })

  it('has the next generation ready when it is needed', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('twenty', { recycle: { calls: 20 } }))
    for (let i = 0; i < 18; i++) expect(await remote.generation()).toBe(1)
    // With a tenth left it is loaded, and waits.
    await until(() => coordinator.info('twenty').loads === 2)
    expect(coordinator.info('twenty').instances.map(({ name, generation }) => [name, generation])).toEqual([
      ['twenty', 1],
      ['twenty#2', 2],
    ])
    expect(await remote.generation()).toBe(1)
    expect(await remote.generation()).toBe(1)
    expect(await remote.generation()).toBe(2)
    await until(() => coordinator.info('twenty').unloads === 1)
    expect(coordinator.info('twenty').instances).toMatchObject([{ name: 'twenty', generation: 2 }])
    expect(Object.keys((await coordinator.memory.sample()).components)).toContain('twenty')
  })

  it('counts the calls of its dependents as well', async () => {
    coordinator.registerComponent(sink('shared', { recycle: { calls: 5 } }))
    const own = coordinator.component<KitchenSink>('shared')
    // A process shares no memory: it is given its share of them.
    const users = (['thread', 'process'] as const).map((isolation) =>
      coordinator.registerComponent<typeof dependent>({
        name: `${isolation}-user`,
        module: fixture('dependent.ts'),
        dependencies: ['shared'],
        isolation,
      }),
    )
    const rounds = await Promise.all([
      ...users.map(async (user) => user.inParallel('shared', 7, 5)),
      Promise.all(Array.from({ length: 7 }, async () => own.sleepAndTell(5))),
    ])
    expect(rounds.flat()).toHaveLength(21)
    expect(Math.max(...counts(rounds.flat()))).toBe(5)
  })

  it('goes first where that is asked for, and calls wait', async () => {
    const recycle = { calls: 2, overlap: false }
    const remote = coordinator.registerComponent<KitchenSink>(sink('in-turn', { recycle }))
    const generations = await Promise.all(Array.from({ length: 5 }, async () => remote.generation()))
    expect(generations).toEqual([1, 1, 2, 2, 3])
    expect(atLoads.get('in-turn')).toBe(1)
    expect(atLoads.get('thrice')).toBeGreaterThan(1)
  })

  it('goes first where there is no room for both', async () => {
    const total = 1024 ** 3
    await using tight = quietCoordinator({ memory: { totalLimit: total }, spareWorkers: 0 })
    const remote = tight.registerComponent<KitchenSink>(
      sink('large', { recycle: { calls: 2 }, memoryEstimate: total * 0.6 }),
    )
    await remote.hold(300)
    const generations = [await remote.generation(), await remote.generation(), await remote.generation()]
    expect(generations).toEqual([1, 2, 2])
  })
})

describe('a component that is recycled', () => {
  it('by name, when it is loaded: calls go on, the old generation is gone in the end', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('named', {}))
    await coordinator.recycleComponent('named')
    expect(coordinator.info('named')).toMatchObject({ state: 'unloaded', loads: 0 })
    expect(await remote.generation()).toBe(1)
    const slow = remote.sleepAndTell(300)
    const recycled = coordinator.recycleComponent('named')
    await until(() => coordinator.info('named').loads === 2)
    await until(async () => (await remote.generation()) === 2)
    expect(await slow).toBe(1)
    await recycled
    expect(coordinator.info('named').instances).toMatchObject([{ name: 'named', generation: 2, state: 'ready' }])
    expect(history('named')).toEqual(['+1', '+2', '-1'])
    expect(await rejection(coordinator.recycleComponent('nobody'))).toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
  })

  it('is kept by a lease, whose calls go to it; others go to the new one', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('leased'))
    const lease = await coordinator.acquire<KitchenSink>('leased')
    let isOver = false
    const recycled = coordinator.recycleComponent('leased').then(() => (isOver = true))
    await until(async () => (await remote.generation()) === 2)
    expect(await lease.component.generation()).toBe(1)
    expect(isOver).toBe(false)
    lease.release()
    await recycled
    expect(coordinator.info('leased').instances).toMatchObject([{ name: 'leased', generation: 2 }])
    expect(await lease.component.generation()).toBe(2)
  })

  it('and whose calls are used up is left by a lease, which keeps the next one', async () => {
    coordinator.registerComponent<KitchenSink>(sink('used-up', { recycle: { calls: 2 }, idleTimeout: 50 }))
    using lease = await coordinator.acquire<KitchenSink>('used-up')
    expect([await lease.component.generation(), await lease.component.generation()]).toEqual([1, 1])
    // Also when it is not called: nothing keeps what cannot be called.
    await until(() => coordinator.info('used-up').unloads === 1)
    expect(coordinator.info('used-up').instances).toMatchObject([{ name: 'used-up', generation: 2, inUse: 1 }])
    expect(await lease.component.generation()).toBe(2)
    await coordinator.memory.freeMemory('4gb')
    let isOver = false
    const recycled = coordinator.recycleComponent('used-up').then(() => (isOver = true))
    await until(() => coordinator.info('used-up').instances.some(({ generation }) => generation === 3))
    expect(await lease.component.generation()).toBe(2)
    await recycled
    expect(isOver).toBe(true)
    expect(await lease.component.generation()).toBe(3)
    expect(unloads.filter(({ name, reason }) => name === 'used-up' && reason !== 'recycled')).toEqual([])
  })

  it('and used up piles up no workers, however many leases there are', async () => {
    coordinator.registerComponent<KitchenSink>(sink('piled', { recycle: { calls: 1 } }))
    using all = new DisposableStack()
    for (let i = 1; i <= 3; i++) {
      expect(await all.use(await coordinator.acquire<KitchenSink>('piled')).component.generation()).toBe(i)
    }
    await until(() => coordinator.info('piled').unloads === 3)
    expect(coordinator.info('piled').instances).toMatchObject([{ generation: 4, inUse: 3 }])
  })

  it('has its successor loaded when no other old one has calls under way: long calls pile up no workers', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('long', { recycle: { calls: 1 } }))
    const busyAtLoads: number[] = []
    const count = ({ name }: { readonly name: string }): void => {
      if (name !== 'long') return
      busyAtLoads.push(coordinator.info(name).instances.filter(({ inUse }) => inUse > 0).length)
    }
    coordinator.on('load', count)
    expect(await Promise.all([1, 2, 3].map(async () => remote.sleepAndTell(500)))).toEqual([1, 2, 3])
    coordinator.off('load', count)
    // The one that was loaded, and the one before it.
    expect(Math.max(...busyAtLoads)).toBeLessThanOrEqual(2)
  })

  it('is left by a lease only when its calls are used up, also where others are less busy', async () => {
    const recycle = { calls: 3, overlap: false }
    coordinator.registerComponent<KitchenSink>(sink('of-two', { recycle, instances: { min: 2, max: 2 } }))
    using lease = await coordinator.acquire<KitchenSink>('of-two')
    for (let i = 0; i < 3; i++) await lease.component.generation()
    const next = await lease.component.generation()
    await until(() => coordinator.info('of-two').loads === 3)
    const both = [lease.component.sleepAndTell(20), lease.component.sleepAndTell(20)]
    expect(await Promise.all(both)).toEqual([next, next])
  })

  it('goes on when the next generation cannot be loaded', async () => {
    const cell = sharedCell()
    const remote = coordinator.registerComponent<typeof loadsOnce>({
      name: 'once',
      module: fixture('loads-once.ts'),
      config: { cell },
    })
    expect(await remote.where()).toBe(1)
    expect(await rejection(coordinator.recycleComponent('once'))).toMatchObject({ code: 'ERR_COMPONENT_LOAD' })
    expect(await remote.where()).toBe(1)
    expect(coordinator.info('once')).toMatchObject({ state: 'ready', generation: 2, loads: 1 })
  })

  it('at an age, also when nobody uses it, which makes it no less idle', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('old', { recycle: { age: 300 }, idleTimeout: 800 }))
    expect(await remote.generation()).toBe(1)
    await until(() => coordinator.info('old').unloads >= 2)
    await until(() => unloads.some(({ name, reason }) => name === 'old' && reason === 'idle'))
    await until(() => coordinator.info('old').state === 'unloaded')
    expect(coordinator.info('old')).toMatchObject({ crashes: 0, instances: [] })
  })

  it('when it holds too much', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('fat', { recycle: { memory: '100mb' } }))
    await remote.add(1, 1)
    await coordinator.memory.sample()
    expect(await remote.generation()).toBe(1)
    await remote.hold(250)
    await until(async () => {
      await coordinator.memory.sample()
      return coordinator.info('fat').loads === 2
    })
    await until(async () => (await remote.generation()) === 2)
    await until(() => coordinator.info('fat').unloads === 1)
  })

  it('whose state hibernates takes it along', async () => {
    const remote = coordinator.registerComponent<typeof hibernating>({
      name: 'counting',
      module: fixture('hibernating.ts'),
      recycle: { calls: 2 },
    })
    for (let i = 0; i < 3; i++) await remote.set(`key ${i}`, i)
    expect(await remote.get('key 0')).toBe(0)
    expect(await remote.get('key 2')).toBe(2)
    expect(atLoads.get('counting')).toBe(1)
  })

  it('with several copies is replaced copy by copy', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('copies', { instances: { min: 2, max: 2 } }))
    await coordinator.preload(['copies'])
    await coordinator.recycleComponent('copies')
    const { instances } = coordinator.info('copies')
    expect(Object.fromEntries(instances.map(({ name, generation }) => [name, generation]))).toEqual({
      copies: 3,
      'copies#2': 4,
    })
    expect(history('copies').slice(2)).toEqual(['+3', '-1', '+4', '-2'])
    expect(await remote.add(1, 1)).toBe(2)
  })

  it('is not loaded again once it is unregistered, or all is shut down', async () => {
    const own = quietCoordinator({ spareWorkers: 0 })
    const remote = own.registerComponent<KitchenSink>(sink('leaving', { recycle: { calls: 1 } }))
    own.registerComponent<KitchenSink>(sink('staying', { recycle: { calls: 1 } }))
    expect(await remote.generation()).toBe(1)
    await own.unregisterComponent('leaving')
    expect(await own.component<KitchenSink>('staying').generation()).toBe(1)
    const { left } = await own.shutdown()
    expect(left).toEqual([])
    expect(await rejection(own.recycleComponent('staying'))).toMatchObject({ code: 'ERR_COORDINATOR_SHUTDOWN' })
  })
})
