import { describe, expect, it } from 'vitest'
import type { UnloadReport } from '../../src/index.ts'
import { rejection, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

describe('an unload', () => {
  it('reports what it did', async () => {
    const reports: UnloadReport[] = []
    coordinator.once('unload', (report) => reports.push(report))
    const remote = coordinator.registerComponent<KitchenSink>(sink('reported', { config: { disposeDelay: 30 } }))
    await remote.hold(16)
    const report = await coordinator.unloadComponent('reported')
    expect(report).toMatchObject({ name: 'reported', generation: 1, reason: 'requested', zombie: false })
    expect(report.predicted).toBeGreaterThan(4 * 1024 ** 2)
    expect(report.released).toBeGreaterThanOrEqual(0)
    expect(report.retained).toBe(Math.max(0, report.predicted - report.released))
    expect(report.times.dispose).toBeGreaterThanOrEqual(25)
    expect(reports).toEqual([report])
  })

  it('of what is not loaded does nothing', async () => {
    coordinator.registerComponent(sink('never-loaded'))
    expect(await coordinator.unloadComponent('never-loaded')).toMatchObject({
      generation: 0,
      predicted: 0,
      released: 0,
      zombie: false,
    })
    expect(coordinator.info('never-loaded')).toMatchObject({ state: 'unloaded', unloads: 0 })
  })

  it('is one for all who ask for it', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('asked-often'))
    await remote.add(1, 1)
    const reports = await Promise.all(Array.from({ length: 5 }, async () => coordinator.unloadComponent('asked-often')))
    expect(new Set(reports).size).toBe(1)
    expect(coordinator.info('asked-often').unloads).toBe(1)
  })

  it('lets calls under way finish, and keeps new ones for the next generation', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('draining'))
    await remote.add(1, 1)
    const slow = remote.sleep(120)
    const unloading = coordinator.unloadComponent('draining')
    expect(coordinator.info('draining').state).toBe('draining')
    const later = remote.generation()
    expect(await slow).toBe('slept')
    expect(await unloading).toMatchObject({ generation: 1 })
    expect(await later).toBe(2)
  })

  it('takes the earliest deadline of those who ask', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('hurried'))
    await remote.add(1, 1)
    const never = rejection(remote.never())
    const patient = coordinator.unloadComponent('hurried', { deadline: 600_000 })
    expect(coordinator.info('hurried').state).toBe('draining')
    const hurried = coordinator.unloadComponent('hurried', { deadline: 30 })
    expect(await never).toMatchObject({ reason: 'terminated', outcome: 'unknown' })
    expect(await hurried).toBe(await patient)
  })

  it('runs the dispose hook once, and waits for it', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('disposed', { config: { counters, disposeDelay: 50 } }),
    )
    await remote.add(1, 1)
    const { times } = await coordinator.unloadComponent('disposed')
    expect(counters[1]).toBe(1)
    expect(times.dispose).toBeGreaterThanOrEqual(45)
  })

  it('does not wait for a dispose hook beyond its timeout', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('undisposable', { config: { disposeDelay: -1 }, disposeTimeout: 50 }),
    )
    await remote.add(1, 1)
    const report = await coordinator.unloadComponent('undisposable')
    expect(report.zombie).toBe(false)
    expect(await remote.generation()).toBe(2)
  })

  it('goes on when the dispose hook throws', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('badly-disposed', { config: { disposeThrows: true } }),
    )
    await remote.add(1, 1)
    expect(await coordinator.unloadComponent('badly-disposed')).toMatchObject({ zombie: false })
    expect(coordinator.info('badly-disposed')).toMatchObject({ state: 'unloaded', crashes: 0, unloads: 1 })
  })

  it('aborts the signal of the context, and of the calls that are cut off', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('signalled', { config: { counters, disposeDelay: 50 } }),
    )
    await remote.add(1, 1)
    const call = rejection(remote.untilAborted())
    await coordinator.unloadComponent('signalled', { deadline: 20 })
    expect(await call).toMatchObject({ reason: 'terminated' })
    expect(counters[3]).toBe(1)
  })

  it('that is overtaken by a crash is over with it', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('overtaken'))
    await remote.add(1, 1)
    const dying = rejection(remote.exitLater(60))
    const unloading = coordinator.unloadComponent('overtaken')
    expect(coordinator.info('overtaken').state).toBe('draining')
    const later = remote.generation()
    expect(await dying).toMatchObject({ reason: 'exit' })
    expect(await unloading).toMatchObject({ generation: 1, zombie: false })
    expect(await later).toBe(2)
    expect(coordinator.info('overtaken')).toMatchObject({ crashes: 1, unloads: 0 })
  })

  it('that waits for a lease of a component that dies concerns that generation only', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('leased'))
    const lease = await coordinator.acquire<KitchenSink>('leased')
    const first = coordinator.unloadComponent('leased', { deadline: 60_000 })
    expect(await lease.component.generation()).toBe(1)
    await rejection(remote.exit(1))
    expect(await first).toMatchObject({ generation: 1 })
    expect(await remote.generation()).toBe(2)
    const second = coordinator.unloadComponent('leased', { deadline: 60_000 })
    expect(await lease.component.generation()).toBe(2)
    expect(coordinator.info('leased').state).toBe('draining')
    lease.release()
    expect(await second).toMatchObject({ generation: 2 })
    expect(await remote.generation()).toBe(3)
  })

  it('at once after another one does not confuse those who wait', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('again-and-again'))
    for (let i = 1; i <= 8; i++) {
      const load = coordinator.getComponent('again-and-again')
      const call = remote.generation()
      await load
      const unloading = coordinator.unloadComponent('again-and-again')
      expect(await call).toBe(i)
      await unloading
    }
  })
})

describe('an unload of what is idle only', () => {
  it('unloads what is idle', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('idle'))
    await remote.add(1, 1)
    const { unloaded } = await coordinator.memory.freeMemory(1024 ** 4)
    expect(unloaded).toContain('idle')
  })

  it('leaves alone what is in use: a call, a lease, a stream', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('busy'))
    const free = async (): Promise<readonly string[]> => (await coordinator.memory.freeMemory(1024 ** 4)).unloaded
    const call = remote.sleep(300)
    await coordinator.getComponent('busy')
    expect(await free()).not.toContain('busy')
    await call
    const lease = await coordinator.acquire('busy')
    expect(await free()).not.toContain('busy')
    lease.release()
    const stream = await remote.endless()
    expect(await free()).not.toContain('busy')
    await stream.return(undefined)
    await until(() => coordinator.info('busy').inUse === 0)
    expect(await remote.generation()).toBe(1)
    expect(await free()).toContain('busy')
  })
})
