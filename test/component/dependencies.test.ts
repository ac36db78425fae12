import { threadId } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { Remote } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

type Dependent = typeof dependentModule

const coordinator = sharedCoordinator()
const shared = coordinator.registerComponent<KitchenSink>(sink('shared'))
const register = (name: string, dependencies: string[], config?: object): Remote<Dependent> =>
  coordinator.registerComponent<Dependent>({ name, module: fixture('dependent.ts'), dependencies, config })
const one = register('one', ['shared'])
const two = register('two', ['shared'])

describe('a dependency', () => {
  it('is loaded first, once for all its dependents', async () => {
    expect(await Promise.all([one.count('shared'), two.count('shared')])).toHaveLength(2)
    expect(coordinator.info('shared')).toMatchObject({ loads: 1, dependents: ['one', 'two'] })
  })

  it('is called in its own thread, not through this one', async () => {
    const [direct, through] = [await shared.thread(), await one.thread('shared')]
    expect(through).toBe(direct)
    expect(through).not.toBe(threadId)
    const callsHere = coordinator.info('shared').calls
    await one.burst('shared', 10)
    expect(coordinator.info('shared').calls).toBe(callsHere + 10)
  })

  it('may be called while its dependent is being loaded', async () => {
    const eager = register('eager', ['shared'], { callInInit: 'shared' })
    expect(await eager.names()).toEqual(['shared'])
  })

  it('is reached through one connection, however many calls wait for it', async () => {
    await coordinator.unloadComponent('shared')
    expect(await one.burst('shared', 100)).toEqual(Array.from({ length: 100 }, () => 'ok'))
    expect(await shared.executed()).toBe(100)
    expect(coordinator.info('shared').inUse).toBe(0)
  })

  it('that is to be unloaded as soon as it is loaded serves first those who had it loaded', async () => {
    await coordinator.unloadComponent('shared')
    const { loads } = coordinator.info('shared')
    const calls = one.burst('shared', 10)
    await until(() => coordinator.info('shared').state !== 'unloaded')
    await coordinator.unloadComponent('shared')
    expect(await calls).toHaveLength(10)
    expect(coordinator.info('shared')).toMatchObject({ state: 'unloaded', loads: loads + 1 })
  })

  it('is given values, callbacks and streams', async () => {
    expect(await one.echo('shared', { a: new Map([[1, 2]]) })).toEqual({ a: new Map([[1, 2]]) })
    expect(await one.sum('shared', 100)).toBe(4_950)
    coordinator.registerComponent(sink('calling-back'))
    expect(await register('called-back', ['calling-back']).callBack('calling-back', 4)).toBe(12)
  })

  it('that throws is told with all three stacks', async () => {
    const error = (await rejection(one.throwError('shared'))) as Error
    expect(error).toMatchObject({ name: 'OrderError', code: 'E_ORDER', cause: { message: 'out of range' } })
    for (const part of [
      'kitchen-sink.ts',
      'of component "shared"',
      'dependent.ts',
      'of component "one"',
      'dependencies.test.ts',
    ]) {
      expect(error.stack).toContain(part)
    }
  })

  it('is not there when it was not declared', async () => {
    expect(await one.missing()).toBeUndefined()
    expect(await one.names()).toEqual(['shared'])
  })

  it('counts as in use while a dependent calls it', async () => {
    const calling = rejection(one.never('shared'))
    await until(() => coordinator.info('shared').inUse === 1)
    expect(coordinator.info('one').inUse).toBe(1)
    await coordinator.unloadComponent('shared', { deadline: 1 })
    await calling
    expect(coordinator.info('shared').inUse).toBe(0)
  })
})

describe('a dependency that is unloaded', () => {
  it('between calls is loaded by the next one', async () => {
    await one.count('shared')
    const { generation } = coordinator.info('shared')
    await coordinator.unloadComponent('shared')
    expect(coordinator.info('one').state).toBe('ready')
    expect(await one.count('shared')).toBe(1)
    expect(coordinator.info('shared').generation).toBe(generation + 1)
  })

  it('during calls is waited for: none is lost, none is run twice', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    coordinator.registerComponent(sink('counted', { config: { counters } }))
    const caller = register('caller', ['counted'])
    await coordinator.getComponent('caller')
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const hammering = caller.hammer('counted', stop)
    for (let i = 0; i < 3; i++) {
      const enough = counters[0]! + 5 * i
      await until(() => counters[0]! >= enough)
      await coordinator.unloadComponent('counted')
      await until(() => coordinator.info('counted').state === 'ready')
    }
    stop[0] = 1
    const answered = await hammering
    expect(answered).toBeGreaterThanOrEqual(3)
    expect(counters[0]).toBe(answered)
    expect(coordinator.info('counted')).toMatchObject({ generation: 4, crashes: 0 })
  })

  it('gives calls under way until its deadline, then they reject', async () => {
    const slow = one.sleep('shared', 400)
    await until(() => coordinator.info('shared').inUse === 1)
    await coordinator.unloadComponent('shared')
    expect(await slow).toBe('slept')
    await one.count('shared')
    const never = rejection(one.never('shared'))
    await until(() => coordinator.info('shared').inUse === 1)
    await coordinator.unloadComponent('shared', { deadline: 30 })
    expect(await never).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', component: 'shared', reason: 'terminated' })
    expect(await one.count('shared')).toBe(1)
  })

  it('rejects them at the deadline, however long the component then takes to go', async () => {
    coordinator.registerComponent(sink('lingering', { config: { disposeDelay: 600 } }))
    const caller = register('impatient', ['lingering'])
    await caller.count('lingering')
    const never = rejection(caller.never('lingering')).then(() => performance.now())
    await until(() => coordinator.info('lingering').inUse === 1)
    const unloading = coordinator.unloadComponent('lingering', { deadline: 20 })
    const rejectedAt = await never
    await unloading
    expect(performance.now() - rejectedAt).toBeGreaterThan(400)
  })
})

describe('a dependency that dies', () => {
  it('between calls is loaded by the next one', async () => {
    await one.count('shared')
    await rejection(shared.exit(1))
    expect(await one.burst('shared', 20)).toEqual(Array.from({ length: 20 }, () => 'ok'))
  })

  it.each(['exit', 'error'] as const)('during calls rejects those of all dependents: %s', async (reason) => {
    await Promise.all([one.count('shared'), two.count('shared')])
    const { generation } = coordinator.info('shared')
    const pending = [
      ...Array.from({ length: 25 }, async () => rejection(one.never('shared'))),
      rejection(two.never('shared')),
    ]
    await until(() => coordinator.info('shared').inUse === 26)
    await (reason === 'exit' ? rejection(shared.exit(3)) : shared.throwLate())
    for (const error of await Promise.all(pending)) {
      expect(error).toMatchObject({
        code: 'ERR_COMPONENT_CRASHED',
        component: 'shared',
        reason,
        outcome: 'unknown',
        generation,
      })
    }
    expect(await Promise.all([one.count('shared'), two.count('shared')])).toHaveLength(2)
    expect(coordinator.info('shared').generation).toBe(generation + 1)
    expect(coordinator.info('one')).toMatchObject({ state: 'ready', crashes: 0 })
  })

  it('and cannot be loaded again is told to the calls that wait, and only to them', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4))
    coordinator.registerComponent({
      name: 'unsteady',
      module: fixture('broken/initialisers.mjs'),
      export: 'failsAtFirst',
      config: { counter, failures: 0 },
    })
    const caller = register('hopeful', ['unsteady'])
    await coordinator.getComponent('hopeful')
    await coordinator.unregisterComponent('unsteady')
    coordinator.registerComponent({ name: 'unsteady', module: fixture('broken/throws.mjs') })
    expect(await rejection(caller.count('unsteady'))).toMatchObject({
      code: 'ERR_COMPONENT_LOAD',
      component: 'unsteady',
    })
    await coordinator.unregisterComponent('unsteady')
    coordinator.registerComponent(sink('unsteady'))
    expect(await caller.count('unsteady')).toBe(1)
  })
})

describe('a dependent that dies', () => {
  it('takes its calls with it, and its dependency goes on', async () => {
    const caller = register('mortal', ['shared'])
    await caller.count('shared')
    const pending = rejection(caller.never('shared'))
    await until(() => coordinator.info('shared').inUse === 1)
    await coordinator.unloadComponent('mortal', { deadline: 10 })
    expect(await pending).toMatchObject({ component: 'mortal', reason: 'terminated' })
    expect(await shared.generation()).toBe(coordinator.info('shared').generation)
    expect(await caller.count('shared')).toBeGreaterThan(0)
  })
})
