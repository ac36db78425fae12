import { describe, expect, it } from 'vitest'
import { evict, crash, expectNothingLeft, simulatePressure } from '../../src/testing/index.ts'
import { isComponentCrashedError, isComponentFailedError, isComponentNotLoadedError } from '../../src/index.ts'
import type { ComponentCoordinator, CrashEvent } from '../../src/index.ts'
import { fixture, rejection, sharedCoordinator, until } from '../support/coordinator.ts'
import type tested from '../fixtures/tested.ts'

const coordinator = sharedCoordinator({ spareWorkers: 0 })
let names = 0
function register(more: object = {}) {
  const name = `tested-${++names}`
  const remote = coordinator.registerComponent<typeof tested>({ name, module: fixture('tested.ts'), ...more })
  return { name, remote }
}

it.each([null, 3, {}])('a coordinator that is %s is refused', async (given) => {
  const none = given as ComponentCoordinator
  const refused = { code: 'ERR_INVALID_OPTIONS', option: 'coordinator' }
  await expect(crash(none, 'a')).rejects.toMatchObject(refused)
  await expect(evict(none, 'a')).rejects.toMatchObject(refused)
  await expect(simulatePressure(none, 'high')).rejects.toMatchObject(refused)
  await expect(expectNothingLeft(none)).rejects.toMatchObject(refused)
})

describe('evict', () => {
  it('unloads a component as pressure would, and the next call loads it again', async () => {
    const { name, remote } = register()
    expect(await remote.next()).toBe(1)
    expect(await evict(coordinator, name)).toMatchObject({ name, generation: 1, reason: 'pressure', zombie: false })
    expect(coordinator.info(name).state).toBe('unloaded')
    expect(await remote.next()).toBe(1)
    expect(coordinator.info(name).generation).toBe(2)
    expect(coordinator.memory.minResidencyOf(name)).toBe(60_000)
  })

  it('gives calls in flight until its deadline', async () => {
    const { name, remote } = register()
    await remote.next()
    const cell = new Int32Array(new SharedArrayBuffer(4))
    const waits = remote.wait(cell)
    const evicted = evict(coordinator, name)
    await until(() => coordinator.info(name).state === 'draining')
    Atomics.store(cell, 0, 1)
    Atomics.notify(cell, 0)
    expect(await waits).toBe('answered')
    await evicted
    const lost = rejection(remote.never())
    await until(() => coordinator.info(name).state === 'ready' && coordinator.info(name).inUse > 0)
    await evict(coordinator, name, { deadline: 0 })
    expect(await lost).toMatchObject({ reason: 'terminated', outcome: 'unknown' })
  })

  it('resolves with undefined where the load that it waits for fails', async () => {
    const { name, remote } = register({ module: fixture('broken/throws.mjs') })
    const failed = rejection(remote.next())
    expect(coordinator.info(name).state).toBe('loading')
    expect(await evict(coordinator, name)).toBeUndefined()
    expect(isComponentFailedError(await failed) || coordinator.info(name).loads === 0).toBe(true)
  })

  it('resolves with undefined where nothing is loaded, and knows instances of families', async () => {
    const { name } = register()
    expect(await evict(coordinator, name)).toBeUndefined()
    const family = coordinator.registerFamily<typeof tested>({
      name: 'family',
      module: fixture('tested.ts'),
      config: () => ({ start: 5 }),
    })
    expect(await family.get('a').next()).toBe(6)
    expect(await evict(coordinator, 'family:a')).toMatchObject({ name: 'family:a', reason: 'pressure' })
    await expect(evict(coordinator, 'nobody')).rejects.toMatchObject({ code: 'ERR_COMPONENT_NOT_FOUND' })
    await expect(evict(coordinator, name, { deadline: -1 })).rejects.toMatchObject({ option: 'deadline' })
  })
})

describe('crash', () => {
  it.each([
    ['thread', undefined, 'exit'],
    ['thread', 'error', 'error'],
    ['thread', 'terminated', 'terminated'],
    ['thread', 'out-of-memory', 'out-of-memory'],
    ['thread', 'memory-limit', 'memory-limit'],
    ['thread', 'stuck', 'stuck'],
    ['process', undefined, 'signal'],
    ['process', 'exit', 'exit'],
    ['process', 'error', 'error'],
    ['process', 'memory-limit', 'memory-limit'],
  ] as const)('ends a %s, asked for %s, with the reason %s', async (isolation, reason, expected) => {
    const { name, remote } = register({ isolation })
    await remote.next()
    const told: CrashEvent[] = []
    const listen = (event: CrashEvent): void => void told.push(event)
    coordinator.on('crash', listen)
    const lost = rejection(remote.never())
    await until(() => coordinator.info(name).inUse > 0)
    const event = await crash(coordinator, name, reason && { reason })
    coordinator.off('crash', listen)
    expect(event).toMatchObject({ name, generation: 1, reason: expected })
    expect(event.signal).toBe(expected === 'signal' ? 'SIGKILL' : undefined)
    expect(event.exitCode).toBe(expected === 'exit' ? 1 : undefined)
    expect(told).toEqual([event])
    // It has been handled by now: nothing is waited for.
    expect(coordinator.info(name)).toMatchObject({ state: 'unloaded', crashes: 1, inUse: 0 })
    const error = await lost
    expect(isComponentCrashedError(error)).toBe(true)
    expect(error).toMatchObject({ reason: expected, outcome: 'unknown' })
    expect(await remote.next()).toBe(1)
  })

  it('counts towards the back-off', async () => {
    const { name, remote } = register({ restart: { intensity: 1, backoff: 60_000 } })
    await remote.next()
    await crash(coordinator, name)
    await remote.next()
    await crash(coordinator, name)
    expect(isComponentFailedError(await rejection(remote.next()))).toBe(true)
  })

  it('ends one that is stuck in a loop, and cannot hear of it', async () => {
    const { name, remote } = register()
    await remote.next()
    const lost = rejection(remote.spin())
    await until(() => coordinator.info(name).inUse > 0)
    expect(await crash(coordinator, name, { reason: 'error' })).toMatchObject({ reason: 'error' })
    expect(await lost).toMatchObject({ reason: 'error' })
  })

  it('refuses what is not there, and what a thread cannot die of', async () => {
    const { name, remote } = register()
    expect(isComponentNotLoadedError(await rejection(crash(coordinator, name)))).toBe(true)
    await remote.next()
    await expect(crash(coordinator, name, { reason: 'signal' })).rejects.toMatchObject({ option: 'reason' })
    await expect(crash(coordinator, name, { reason: 'flood' as 'exit' })).rejects.toMatchObject({ option: 'reason' })
    expect(coordinator.info(name).crashes).toBe(0)
  })

  it('ends each copy', async () => {
    const { name, remote } = register({ instances: { min: 2, max: 2 } })
    await coordinator.preload([name])
    expect(coordinator.info(name).instances).toHaveLength(2)
    await crash(coordinator, name)
    expect(coordinator.info(name)).toMatchObject({ crashes: 2, state: 'unloaded' })
    expect(await remote.next()).toBe(1)
  })
})
