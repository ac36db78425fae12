import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { UnloadReport } from '../../src/index.ts'
import { fixture, quietCoordinator, sharedCoordinator, sink, stall } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator({ autoUnloadEnabled: false })
const unloads: UnloadReport[] = []
coordinator.on('unload', (report) => unloads.push(report))
const reasons = (name: string): string[] => unloads.filter((each) => each.name === name).map(({ reason }) => reason)
const state = (name: string): string => coordinator.info(name).state

let fresh = 0
/** Until a component with such a timeout that nobody uses has been unloaded for it. */
async function passes(idleTimeout: number): Promise<void> {
  const name = `beside-${++fresh}`
  await coordinator.registerComponent<KitchenSink>(sink(name, { idleTimeout })).add(1, 1)
  await expect.poll(() => reasons(name)).toEqual(['idle'])
}

describe('a component with an idleTimeout', () => {
  it('is unloaded after that long without use, also where nothing else is unloaded automatically, and loaded again by a call', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('idle', { idleTimeout: 300 }))
    expect(await remote.generation()).toBe(1)
    await expect.poll(() => reasons('idle')).toEqual(['idle'])
    expect(state('idle')).toBe('unloaded')
    expect(await remote.generation()).toBe(2)
    await expect.poll(() => reasons('idle')).toEqual(['idle', 'idle'])
  })

  it('is tried again after an unload for memory that was called off, because its thread did not listen', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('called-off', { idleTimeout: 900 }))
    await remote.standStillLater(2_000)
    const freed = coordinator.memory.freeMemory(2 ** 40)
    await expect.poll(() => state('called-off')).toBe('draining')
    expect((await freed).unloaded).toEqual([])
    expect(state('called-off')).toBe('ready')
    await expect.poll(() => reasons('called-off')).toEqual(['idle'])
  })

  it('stays while it is used: by calls, a lease, a stream, something loaded that depends on it', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('used', { idleTimeout: 200 }))
    await remote.sleep(500)
    expect(await remote.generation()).toBe(1)
    const lease = await coordinator.acquire<KitchenSink>('used')
    await passes(200)
    expect(await lease.component.generation()).toBe(1)
    const stream = await remote.numbers(3)
    lease.release()
    await passes(200)
    expect(state('used')).toBe('ready')
    await stream.return('over')
    coordinator.registerComponent({ name: 'needing', module: fixture('dependent.ts'), dependencies: ['used'] })
    await coordinator.getComponent('needing')
    await passes(200)
    expect(state('used')).toBe('ready')
    expect(reasons('used')).toEqual([])
    await coordinator.unloadComponent('needing')
    await expect.poll(() => reasons('used')).toEqual(['idle'])
  })

  it('is not unloaded when it is pinned', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('pinned', { idleTimeout: 50, pinned: true }))
    await remote.add(1, 1)
    await passes(50)
    expect(state('pinned')).toBe('ready')
  })

  it('runs every call once however the two meet', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('racing', { idleTimeout: 30 }))
    for (let i = 0; i < 25; i++) {
      expect(await remote.add(i, 1)).toBe(i + 1)
      // Around the moment at which it goes.
      await sleep(20 + (i % 5) * 5)
    }
    expect(coordinator.info('racing')).toMatchObject({ calls: 25, crashes: 0 })
  })

  it('is not unloaded for the time its callers were blocked in with a call on the way', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('stalled', { idleTimeout: 400 }))
    await remote.add(1, 1)
    const call = remote.sleep(600)
    await stall(700)
    await call
    expect(reasons('stalled')).toEqual([])
  })

  it('goes in a family by itself, each by its own time', async () => {
    const { name: _, ...definition } = sink('any', { idleTimeout: 300 })
    const family = coordinator.registerFamily<KitchenSink>({ ...definition, name: 'tenants', config: () => undefined })
    await Promise.all([family.get('a').add(1, 1), family.get('b').add(1, 1)])
    const lease = await coordinator.acquire(family.componentName('b'))
    await expect.poll(() => state('tenants:a')).toBe('unloaded')
    expect(state('tenants:b')).toBe('ready')
    lease.release()
    await expect.poll(() => state('tenants:b')).toBe('unloaded')
  })

  it('has no timer left after a shutdown', async () => {
    const own = quietCoordinator({ spareWorkers: 0 })
    await own.registerComponent<KitchenSink>(sink('left', { idleTimeout: 60_000 })).add(1, 1)
    await own.shutdown()
    expect(own.info('left').state).toBe('unloaded')
  })

  it.each([0, -1, Number.NaN, '5s', 2 ** 31])('refuses %s', (idleTimeout) => {
    expect(() => coordinator.registerComponent(sink('bad', { idleTimeout: idleTimeout as number }))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTIONS', option: 'idleTimeout' }),
    )
  })
})
