import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { CoordinatorShutdownError, isComponentNotFoundError } from '../../src/index.ts'
import type { DefinitionOf, Remote } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import type exclusiveModule from '../fixtures/exclusive.ts'
import { newCells, slots } from '../fixtures/exclusive.ts'
import type { ExclusiveConfig } from '../fixtures/exclusive.ts'
import type rememberingModule from '../fixtures/remembering.ts'
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

type Exclusive = typeof exclusiveModule

const coordinator = sharedCoordinator()
const missing = { code: 'ERR_COMPONENT_NOT_FOUND' }

function exclusive(name: string, config: ExclusiveConfig): DefinitionOf<Exclusive> {
  return { name, module: fixture('exclusive.ts'), config }
}

function counted(cells: Int32Array): Omit<Record<keyof typeof slots, number>, 'gate'> {
  const count = (slot: number): number => Atomics.load(cells, slot)
  const { holders, overlaps, inits, disposals } = slots
  return { holders: count(holders), overlaps: count(overlaps), inits: count(inits), disposals: count(disposals) }
}

/** A component that is asked for now is loaded: so would have been what was asked for before, if nothing kept it. */
async function othersLoad(name: string): Promise<void> {
  await coordinator.registerComponent<KitchenSink>(sink(name)).add(1, 1)
}

describe('a component that is unregistered', () => {
  it('and is idle frees its name at once', async ({ expect }) => {
    const cells = newCells()
    const family = coordinator.registerFamily<Exclusive>({
      name: 'idle',
      module: fixture('exclusive.ts'),
      config: (): ExclusiveConfig => ({ cells }),
    })
    const old = family.get('a')
    await old.echo(1)
    const released = family.release('a')
    const fresh = family.get('a')
    expect(fresh).not.toBe(old)
    expect(coordinator.info('idle:a')).toMatchObject({ state: 'unloaded', generation: 0, loads: 0, calls: 0 })
    expect(await fresh.echo(2)).toBe(2)
    expect(await released).toMatchObject({ name: 'idle:a', generation: 1, reason: 'unregistered' })
    await expect(old.echo(3)).rejects.toMatchObject(missing)
    expect(coordinator.list().filter(({ name }) => name === 'idle:a')).toMatchObject([{ state: 'ready', loads: 1 }])
    expect(coordinator.info('idle:a').memory ?? {}).not.toMatchObject({ total: 0 })
    expect(counted(cells)).toEqual({ holders: 1, overlaps: 0, inits: 2, disposals: 1 })
  })

  it('and has a call under way lets it finish before its successor is loaded', async ({ expect }) => {
    const cells = newCells()
    const old = coordinator.registerComponent<Exclusive>(exclusive('busy', { cells, gated: true }))
    await old.echo(1)
    const under = old.passed()
    await until(() => coordinator.info('busy').inUse === 1)
    const unregistered = coordinator.unregisterComponent('busy')
    const fresh = coordinator.registerComponent<Exclusive>(exclusive('busy', { cells }))
    const answer = fresh.echo(2)
    expect(coordinator.info('busy')).toMatchObject({ state: 'loading', waiting: 1 })
    await othersLoad('beside busy')
    expect(counted(cells)).toEqual({ holders: 1, overlaps: 0, inits: 1, disposals: 0 })
    Atomics.store(cells, slots.gate, 1)
    expect(await under).toBe('passed')
    expect(await answer).toBe(2)
    expect((await unregistered).times.drain).toBeGreaterThan(0)
    expect(counted(cells)).toEqual({ holders: 1, overlaps: 0, inits: 2, disposals: 1 })
  })

  it('ends its dispose hook before its successor is initialised', async ({ expect }) => {
    const cells = newCells()
    await coordinator.registerComponent<Exclusive>(exclusive('slow-end', { cells, gated: true })).echo(1)
    void coordinator.unregisterComponent('slow-end')
    const answer = coordinator.registerComponent<Exclusive>(exclusive('slow-end', { cells })).echo(2)
    await othersLoad('beside slow-end')
    expect(counted(cells)).toEqual({ holders: 1, overlaps: 0, inits: 1, disposals: 0 })
    Atomics.store(cells, slots.gate, 1)
    expect(await answer).toBe(2)
    expect(counted(cells)).toEqual({ holders: 1, overlaps: 0, inits: 2, disposals: 1 })
  })

  it('gives one report to all who ask, while there is no other of its name', async ({ expect }) => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('asked-twice', { config: { disposeDelay: 50 } }))
    await remote.add(1, 1)
    const [first, second] = [
      coordinator.unregisterComponent('asked-twice'),
      coordinator.unregisterComponent('asked-twice'),
    ]
    expect(await second).toBe(await first)
    await expect(coordinator.unregisterComponent('asked-twice')).rejects.toMatchObject(missing)
  })

  it('and is being loaded gives that up, and its name', async ({ expect }) => {
    const cells = newCells()
    const call = coordinator.registerComponent<Exclusive>(exclusive('early', { cells, initDelay: 60_000 })).echo(1)
    const rejected = rejection(call)
    await until(() => counted(cells).inits === 1)
    void coordinator.unregisterComponent('early')
    expect(await coordinator.registerComponent<Exclusive>(exclusive('early', { cells })).echo(2)).toBe(2)
    expect(await rejected).toMatchObject(missing)
  })

  it('leaves nothing of its state to its successor', async ({ expect }) => {
    const definition = { name: 'forgetful', module: fixture('remembering.ts') }
    const old = coordinator.registerComponent<typeof rememberingModule>(definition)
    await old.set('a', 1)
    await coordinator.unloadComponent('forgetful')
    await old.set('b', 2)
    void coordinator.unloadComponent('forgetful')
    void coordinator.unregisterComponent('forgetful')
    const fresh = coordinator.registerComponent<typeof rememberingModule>(definition)
    expect(await fresh.wasRestored()).toBe(false)
    expect(await fresh.get('a')).toBeUndefined()
    await coordinator.unloadComponent('forgetful')
    expect(await fresh.wasRestored()).toBe(true)
  })

  it('keeps what it depends on while it is alive, also when its name is taken by one that does not', async ({
    expect,
  }) => {
    const alone = quietCoordinator({ spareWorkers: 0 })
    alone.registerComponent(sink('kept-base'))
    const old = alone.registerComponent<KitchenSink>(sink('kept-top', { dependencies: ['kept-base'] }))
    await old.add(1, 1)
    const under = old.sleep(400)
    await until(() => alone.info('kept-top').inUse === 1)
    void alone.unregisterComponent('kept-top')
    alone.registerComponent<KitchenSink>(sink('kept-top'))
    expect(alone.info('kept-base').dependents).toEqual([])
    expect(alone.memory.plan('critical').kept).toContainEqual({ name: 'kept-base', reason: 'has-dependents' })
    expect(await under).toBe('slept')
    await until(() => alone.memory.plan('critical').victims.some(({ name }) => name === 'kept-base'))
    await alone.shutdown()
  })

  it('and is loading is replaced for those who wait for it: a dependent, and the calls of one', async ({ expect }) => {
    const dependent = (
      name: string,
      more: Partial<DefinitionOf<typeof dependentModule>>,
    ): Remote<typeof dependentModule> =>
      coordinator.registerComponent<typeof dependentModule>({ name, module: fixture('dependent.ts'), ...more })
    const slow = sink('slow-base', { config: { initDelay: 60_000 } })
    coordinator.registerComponent(slow)
    const eager = dependent('eager', { optionalDependencies: ['slow-base'] })
    await eager.names()
    const isLoading = (): boolean => coordinator.info('slow-base').state === 'loading'
    const called = eager.count('slow-base')
    await until(isLoading)
    const loaded = dependent('bound', { dependencies: ['slow-base'] }).count('slow-base')
    const given = rejection(dependent('given-up', { dependencies: ['slow-base'] }).count('slow-base'))
    // Twice: what comes next may leave as well.
    void coordinator.unregisterComponent('slow-base')
    coordinator.registerComponent(slow)
    await until(isLoading)
    void coordinator.unregisterComponent('given-up')
    void coordinator.unregisterComponent('slow-base')
    coordinator.registerComponent<KitchenSink>(sink('slow-base'))
    expect(new Set(await Promise.all([called, loaded]))).toEqual(new Set([1, 2]))
    expect(await given).toMatchObject(missing)
  })

  it('and is loading for a dependent that was unregistered too has its successor not loaded', async ({ expect }) => {
    const slow = sink('for-nobody', { config: { initDelay: 60_000 } })
    coordinator.registerComponent(slow)
    const definition = { name: 'nobody', module: fixture('dependent.ts'), dependencies: ['for-nobody'] }
    const call = rejection(coordinator.registerComponent<typeof dependentModule>(definition).count('for-nobody'))
    await until(() => coordinator.info('for-nobody').state === 'loading')
    const left = [coordinator.unregisterComponent('nobody'), coordinator.unregisterComponent('for-nobody')]
    coordinator.registerComponent(slow)
    expect(await call).toMatchObject(missing)
    await Promise.all(left)
    await othersLoad('beside nobody')
    expect(coordinator.info('for-nobody')).toMatchObject({ state: 'unloaded', generation: 0 })
  })

  it('is replaced for its dependents too, and they are told of both ends', async ({ expect }) => {
    coordinator.registerComponent(sink('base', { config: { disposeDelay: 100 } }))
    const top = coordinator.registerComponent<typeof dependentModule>({
      name: 'top',
      module: fixture('dependent.ts'),
      dependencies: ['base'],
    })
    expect([await top.count('base'), await top.count('base')]).toEqual([1, 2])
    const under = top.sleep('base', 200)
    await until(() => coordinator.info('base').inUse === 1)
    const unregistered = coordinator.unregisterComponent('base')
    const fresh = coordinator.registerComponent<KitchenSink>(sink('base'))
    const meanwhile = top.count('base')
    expect(await under).toBe('slept')
    // The old one still serves what is sent before its dependent has heard that it is leaving.
    expect([1, 3]).toContain(await meanwhile)
    expect(await unregistered).toMatchObject({ generation: 1 })
    expect(await fresh.generation()).toBe(1)
    const lost = rejection(top.never('base'))
    await until(() => coordinator.info('base').inUse === 1)
    await rejection(fresh.exit(1))
    expect(await lost).toMatchObject({ code: 'ERR_COMPONENT_CRASHED' })
    expect(await top.count('base')).toBe(1)
    expect(coordinator.info('top')).toMatchObject({ loads: 1, crashes: 0 })
  })

  it(
    'again and again, with calls, is one at a time, and each call is answered or told',
    { timeout: 60_000 },
    async ({ expect }) => {
      const cells = newCells()
      const family = coordinator.registerFamily<Exclusive>({
        name: 'storm',
        module: fixture('exclusive.ts'),
        config: (): ExclusiveConfig => ({ cells, disposeDelay: 150 }),
      })
      const calls: Promise<unknown>[] = []
      const releases: Promise<unknown>[] = []
      for (let round = 0; round < 24; round++) {
        const remote: Remote<Exclusive> = family.get('x')
        for (let i = 0; i < 5; i++) calls.push(remote.echo(round).catch((error: unknown) => error))
        // Some are released before they load, some while they do, and some once they serve.
        if (round % 4 === 1) await sleep(round)
        if (round % 8 === 3) await calls.at(-1)
        releases.push(family.release('x'))
      }
      expect(await family.get('x').echo('last')).toBe('last')
      for (const [index, result] of (await Promise.all(calls)).entries()) {
        if (!isComponentNotFoundError(result)) expect(result).toBe(Math.floor(index / 5))
      }
      await Promise.all(releases)
      expect(counted(cells)).toMatchObject({ holders: 1, overlaps: 0 })
      await family.release('x')
      expect(coordinator.list().filter(({ name }) => name.startsWith('storm'))).toEqual([])
    },
  )

  it('and whose workers died slowly lets the last of them be gone first', { timeout: 30_000 }, async ({ expect }) => {
    const old = coordinator.registerComponent<KitchenSink>(sink('dying', { watchdog: 200 }))
    await old.add(1, 1)
    expect(await rejection(old.block(1.5))).toMatchObject({ reason: 'stuck' })
    expect(await rejection(old.exit(1))).toMatchObject({ reason: 'exit', generation: 2 })
    void coordinator.unregisterComponent('dying')
    await coordinator.registerComponent<KitchenSink>(sink('dying')).add(1, 1)
    expect(coordinator.memory.ledger().extra.filter(({ name }) => name.startsWith('dying'))).toEqual([])
  })

  it('when it is told to have crashed lets that worker be gone first', { timeout: 30_000 }, async ({ expect }) => {
    const { promise: answer, resolve } = Promise.withResolvers<number>()
    coordinator.on('crash', ({ name }) => {
      if (name !== 'told') return
      void coordinator.unregisterComponent('told')
      resolve(coordinator.registerComponent<KitchenSink>(sink('told')).add(1, 1))
    })
    const old = coordinator.registerComponent<KitchenSink>(sink('told', { watchdog: 200 }))
    await old.add(1, 1)
    expect(await rejection(old.block(1.5))).toMatchObject({ reason: 'stuck' })
    expect(await answer).toBe(2)
    expect(coordinator.memory.ledger().extra.filter(({ name }) => name.startsWith('told'))).toEqual([])
  })

  it('and does not die is replaced all the same', { timeout: 30_000 }, async ({ expect }) => {
    const alone = quietCoordinator({ spareWorkers: 0 })
    const begun = sharedCell()
    const old = alone.registerComponent<KitchenSink>(sink('undead', { config: { begun } }))
    await old.add(1, 1)
    const blocked = rejection(old.block(8))
    await until(() => begun[0] === 1)
    const unloaded = alone.unloadComponent('undead', { deadline: 20 })
    const unregistered = alone.unregisterComponent('undead')
    const fresh = alone.registerComponent<KitchenSink>(sink('undead'))
    expect(await fresh.add(1, 2)).toBe(3)
    expect(await blocked).toMatchObject({ reason: 'terminated' })
    expect(await unregistered).toMatchObject({ zombie: true })
    expect(await unloaded).toMatchObject({ zombie: true })
    expect(alone.info('undead')).toMatchObject({ state: 'ready', loads: 1, generation: 1 })
    expect(alone.memory.ledger().extra).toContainEqual(
      expect.objectContaining({ kind: 'zombie', name: 'undead (generation 1)' }),
    )
    await alone.unregisterComponent('undead')
    await expect(alone.unregisterComponent('undead')).rejects.toMatchObject(missing)
    expect(await alone.shutdown({ deadline: 500 })).toMatchObject({ left: ['undead'] })
  })
})

describe('a shutdown while a successor waits', () => {
  it('lets what is leaving finish, and gives the load up', async ({ expect }) => {
    const alone = quietCoordinator({ spareWorkers: 0 })
    const cells = newCells()
    const old = alone.registerComponent<Exclusive>(exclusive('a', { cells, gated: true }))
    await old.echo(1)
    const under = old.passed()
    await until(() => alone.info('a').inUse === 1)
    const unregistered = alone.unregisterComponent('a')
    const waiting = rejection(alone.registerComponent<Exclusive>(exclusive('a', { cells })).echo(2))
    const down = alone.shutdown()
    expect(await waiting).toBeInstanceOf(CoordinatorShutdownError)
    Atomics.store(cells, slots.gate, 1)
    expect(await under).toBe('passed')
    const report = await unregistered
    expect(report).toMatchObject({ name: 'a', reason: 'unregistered' })
    expect(await down).toMatchObject({ left: [], unloaded: [report] })
    expect(counted(cells)).toEqual({ holders: 0, overlaps: 0, inits: 1, disposals: 1 })
    expect(alone.info('a')).toMatchObject({ state: 'unloaded', loads: 0 })
  })

  it('tells of what was leaving and does not die', { timeout: 30_000 }, async ({ expect }) => {
    const alone = quietCoordinator({ spareWorkers: 0 })
    const begun = sharedCell()
    const old = alone.registerComponent<KitchenSink>(sink('a', { config: { begun } }))
    await old.add(1, 1)
    const blocked = rejection(old.block(5))
    await until(() => begun[0] === 1)
    const unregistered = alone.unregisterComponent('a')
    const waiting = rejection(alone.registerComponent<KitchenSink>(sink('a')).add(1, 1))
    expect(await alone.shutdown({ deadline: 500 })).toMatchObject({ left: ['a'] })
    expect(await waiting).toBeInstanceOf(CoordinatorShutdownError)
    expect(await blocked).toMatchObject({ reason: 'terminated' })
    await unregistered
  })

  it('is not held up by a circle of what is leaving and what came after', async ({ expect }) => {
    const alone = quietCoordinator({ spareWorkers: 0 })
    alone.registerComponent(sink('b'))
    const a = alone.registerComponent<KitchenSink>(sink('a', { dependencies: ['b'] }))
    await a.add(1, 1)
    const under = a.sleep(200)
    await until(() => alone.info('a').inUse === 1)
    const unregistered = Promise.all([alone.unregisterComponent('a'), alone.unregisterComponent('b')])
    alone.registerComponent(sink('a'))
    const b = alone.registerComponent<KitchenSink>(sink('b', { dependencies: ['a'] }))
    const waiting = rejection(b.add(1, 1))
    const report = await alone.shutdown({ deadline: 30_000 })
    expect(report.left).toEqual([])
    expect(report.unloaded.map(({ name }) => name).sort()).toEqual(['a', 'b'])
    expect(await waiting).toBeInstanceOf(CoordinatorShutdownError)
    expect(await under).toBe('slept')
    await unregistered
  })
})
