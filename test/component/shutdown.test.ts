import { queryObjects } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { CoordinatorShutdownError } from '../../src/index.ts'
import type dependentModule from '../fixtures/dependent.ts'
import { fixture, quietCoordinator, rejection, sharedCell, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

describe('a shutdown', () => {
  it('in the middle of loads leaves no port open', async () => {
    const ports = (): number => queryObjects(MessagePort, { format: 'count' })
    // In a function of its own: nothing of the coordinator is reachable afterwards.
    const loadAndEnd = async (): Promise<void> => {
      const coordinator = quietCoordinator({ spareWorkers: 0 })
      const names = ['a', 'b', 'c']
      for (const name of names) coordinator.registerComponent(sink(name))
      const loads = coordinator.preload(names).catch(() => {})
      await until(() => names.some((name) => coordinator.info(name).state !== 'unloaded'))
      await coordinator.shutdown()
      await loads
    }
    await loadAndEnd()
    await loadAndEnd()
    const before = ports()
    // More than the last ones hold for a moment longer.
    for (let i = 0; i < 8; i++) await loadAndEnd()
    await expect.poll(ports).toBeLessThanOrEqual(before)
  })

  it('unloads everything, dependents first, and says so', async () => {
    const coordinator = quietCoordinator()
    const order: string[] = []
    coordinator.on('unload', ({ name, reason }) => order.push(`${name} ${reason}`))
    coordinator.registerComponent(sink('base'))
    coordinator.registerComponent(sink('middle', { dependencies: ['base'] }))
    coordinator.registerComponent(sink('top', { dependencies: ['middle', 'base'] }))
    coordinator.registerComponent(sink('never-loaded', { dependencies: ['base'] }))
    await coordinator.getComponent('top')
    const report = await coordinator.shutdown()
    expect(order).toEqual(['top shutdown', 'middle shutdown', 'base shutdown'])
    expect(report).toMatchObject({ left: [] })
    expect(report.unloaded.map(({ name }) => name)).toEqual(['top', 'middle', 'base'])
  })

  it('happens once, however often it is asked for', async () => {
    const coordinator = quietCoordinator()
    await coordinator.registerComponent<KitchenSink>(sink('a')).add(1, 1)
    const first = coordinator.shutdown()
    const second = coordinator.shutdown({ deadline: 1 })
    expect(await second).toBe(await first)
    expect(await coordinator.shutdown()).toBe(await first)
    await coordinator[Symbol.asyncDispose]()
  })

  it('is done by the end of its scope', async () => {
    let leaked
    {
      await using coordinator = quietCoordinator()
      await coordinator.registerComponent<KitchenSink>(sink('scoped')).add(1, 1)
      leaked = coordinator
    }
    expect(leaked.info('scoped').state).toBe('unloaded')
  })

  it('lets calls under way finish, also those to dependencies, and takes no more', async () => {
    const coordinator = quietCoordinator()
    coordinator.registerComponent(sink('base'))
    const top = coordinator.registerComponent<typeof dependentModule>({
      name: 'top',
      module: fixture('dependent.ts'),
      dependencies: ['base'],
    })
    await coordinator.getComponent('top')
    const under = top.sleepThenCount('base', 80)
    await until(() => coordinator.info('top').inUse === 1)
    const down = coordinator.shutdown()
    expect(await rejection(top.names())).toBeInstanceOf(CoordinatorShutdownError)
    expect(await under).toBe(1)
    expect(await down).toMatchObject({ left: [] })
  })

  it('gives up loads under way, and tells those who wait', async () => {
    const coordinator = quietCoordinator()
    const begun = sharedCell()
    coordinator.registerComponent(sink('slow', { config: { begun, initDelay: 600_000 } }))
    const dependent = coordinator.registerComponent<KitchenSink>(sink('dependent', { dependencies: ['slow'] }))
    const call = rejection(dependent.add(1, 1))
    const load = rejection(coordinator.getComponent('dependent'))
    const lease = rejection(coordinator.acquire('slow'))
    await until(() => begun[0] === 1)
    const report = await coordinator.shutdown()
    for (const error of [await call, await load, await lease]) expect(error).toBeInstanceOf(CoordinatorShutdownError)
    expect(report).toMatchObject({ left: [], unloaded: [] })
  })

  it('does not wait for leases, which nobody can use any more', async () => {
    const coordinator = quietCoordinator()
    coordinator.registerComponent(sink('leased'))
    const lease = await coordinator.acquire<KitchenSink>('leased')
    expect(await coordinator.shutdown({ deadline: 600_000 })).toMatchObject({
      left: [],
      unloaded: [{ name: 'leased' }],
    })
    expect(await rejection(lease.component.add(1, 1))).toBeInstanceOf(CoordinatorShutdownError)
    lease.release()
  })

  it('joins an unload under way, and hurries it', async () => {
    const coordinator = quietCoordinator()
    const remote = coordinator.registerComponent<KitchenSink>(sink('draining'))
    await remote.add(1, 1)
    const never = rejection(remote.never())
    const unloading = coordinator.unloadComponent('draining', { deadline: 600_000 })
    expect(coordinator.info('draining').state).toBe('draining')
    const report = await coordinator.shutdown({ deadline: 3_000 })
    expect(await never).toMatchObject({ reason: 'terminated' })
    expect(report.unloaded).toEqual([await unloading])
  })

  it('is not held by a stuck worker: the others are unloaded, and what is left is told', async () => {
    const coordinator = quietCoordinator({ shutdownTimeout: 2_000 })
    const crashes: unknown[] = []
    coordinator.on('crash', (event) => crashes.push(event))
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const begun = sharedCell()
    const stuck = coordinator.registerComponent<KitchenSink>(
      sink('stuck', { dependencies: ['base'], config: { begun } }),
    )
    const fine = coordinator.registerComponent<KitchenSink>(sink('fine', { config: { counters } }))
    coordinator.registerComponent(sink('base'))
    await Promise.all([stuck.add(1, 1), fine.add(1, 1)])
    const blocked = rejection(stuck.block(5))
    await until(() => begun[0] === 1)
    const report = await coordinator.shutdown()
    expect(await blocked).toMatchObject({ code: 'ERR_COMPONENT_CRASHED', reason: 'terminated' })
    expect(report.left).toEqual(['stuck'])
    expect(report.unloaded.map(({ name }) => name)).toContain('fine')
    expect(counters[1]).toBe(1)
    expect(crashes).toEqual([])
    expect(coordinator.info('base').state).not.toBe('ready')
    // Its native call ends by itself; nothing is left behind then.
    await until(() => coordinator.info('stuck').state === 'unloaded')
  })

  it('closes endpoints', async () => {
    const coordinator = quietCoordinator()
    coordinator.registerComponent(sink('a'))
    const port = coordinator.createEndpoint('a')
    const closed = new Promise((resolve) => port.once('close', () => resolve('closed')))
    port.start()
    await coordinator.shutdown()
    expect(await closed).toBe('closed')
  })

  it('with no time at all ends everything at once', async () => {
    const coordinator = quietCoordinator()
    const slow = { config: { disposeDelay: -1 }, disposeTimeout: 600_000 }
    const remote = coordinator.registerComponent<KitchenSink>(sink('a', slow))
    await remote.add(1, 1)
    const never = rejection(remote.never())
    await coordinator.shutdown({ deadline: 0 })
    expect(await never).toMatchObject({ code: expect.stringMatching(/CRASHED|SHUTDOWN/) as string })
    await until(() => coordinator.info('a').state === 'unloaded')
  })
})
