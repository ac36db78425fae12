import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WorkerHost } from '../../src/host/worker-host.ts'
import { CallTimeoutError, withCallOptions } from '../../src/index.ts'
import type { ComponentCoordinator } from '../../src/index.ts'
import {
  fixture,
  quietCoordinator,
  rejection,
  sharedCell,
  sharedCoordinator,
  sink,
  stall,
  until,
} from '../support/coordinator.ts'
import type dependent from '../fixtures/dependent.ts'
import type lockingComponent from '../fixtures/locking.ts'
import type { KitchenSink } from '../support/coordinator.ts'
import { standStill } from '../support/stand-still.ts'
import { crashesOf, mib, registerHog } from '../support/hogs.ts'

const coordinator = sharedCoordinator({ spareWorkers: 0 })

describe('a main thread that was blocked', () => {
  it('loses no answer that came in time: a call with a timeout', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('answered'))
    await remote.add(1, 1)
    const calls = Array.from({ length: 50 }, (_, i) => withCallOptions(remote, { timeout: 500 }).add(i, 1))
    await stall(800)
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('counts no time against a call in which it kept the call from leaving', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('left-late'))
    await remote.add(1, 1)
    const calls = [remote.add(1, 1), withCallOptions(remote, { timeout: 500 }).add(1, 2)]
    standStill(800)
    expect(await Promise.all(calls)).toEqual([2, 3])
  })

  it('loses none of a call with a signal that times out', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('answered-in-time'))
    await remote.add(1, 1)
    const signal = AbortSignal.timeout(300)
    const call = withCallOptions(remote, { signal }).add(1, 1)
    const joined = withCallOptions(remote, { signal: AbortSignal.any([signal]) }).add(1, 2)
    await stall(500)
    expect(await Promise.all([call, joined])).toEqual([2, 3])
    const late = rejection(withCallOptions(remote, { signal: AbortSignal.timeout(30) }).never())
    expect(await late).toMatchObject({ name: 'TimeoutError' })
  })

  it('still times out what was not answered', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('unanswered'))
    await remote.add(1, 1)
    const call = rejection(withCallOptions(remote, { timeout: 100 }).sleep(60_000))
    await stall(300)
    expect(await call).toBeInstanceOf(CallTimeoutError)
  })

  it('fails no load, and ends no worker, that was ready in time', async () => {
    const begun = sharedCell()
    const definition = sink('loaded-in-time', { timeout: 4_000, config: { begun, initDelay: 100 } })
    const remote = coordinator.registerComponent<KitchenSink>(definition)
    const call = remote.generation()
    await until(() => begun[0] === 1)
    await stall(4_500)
    expect(await call).toBe(1)
    expect(coordinator.info('loaded-in-time')).toMatchObject({ state: 'ready', loads: 1 })
  })

  it('fails no load that it kept from beginning', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('begun-late', { timeout: 1_500 }))
    const call = remote.generation()
    await stall(2_000)
    expect(await call).toBe(1)
  })

  it('takes no worker that has ended for a zombie', async () => {
    const zombies: string[] = []
    coordinator.on('zombie', ({ name }) => zombies.push(name))
    const remote = coordinator.registerComponent<KitchenSink>(sink('ended'))
    await remote.add(1, 1)
    const terminate = vi.spyOn(WorkerHost.prototype, 'terminate')
    onTestFinished(() => terminate.mockRestore())
    const spinning = rejection(remote.spin())
    const unloading = coordinator.unloadComponent('ended', { deadline: 0 })
    expect(await spinning).toMatchObject({ reason: 'terminated' })
    // Once the dispose hook is given up on, the worker is told to end.
    await until(() => terminate.mock.calls.length > 0)
    await stall(2_300)
    expect(await unloading).toMatchObject({ zombie: false })
    expect(zombies).toEqual([])
  })

  it('gives a dispose hook, and what is under way, the time it kept from telling that they are done', async () => {
    const counters = new Int32Array(new SharedArrayBuffer(16))
    const begun = sharedCell()
    const config = { begun, counters, disposeDelay: 100 }
    const remote = coordinator.registerComponent<KitchenSink>(sink('disposed', { config, disposeTimeout: 400 }))
    await remote.add(1, 1)
    const call = remote.sleep(50)
    await until(() => begun[0] === 1)
    const unloading = coordinator.unloadComponent('disposed', { deadline: 300 })
    await stall(600)
    expect(await call).toBe('slept')
    await until(() => counters[1] === 1)
    await stall(700)
    const { times } = await unloading
    expect(counters[1]).toBe(1)
    expect(times.terminate).toBeLessThan(2_000)
  })

  it('times out no lock that was given back in time', async () => {
    const locking = coordinator.registerComponent<typeof lockingComponent>({
      name: 'locking',
      module: fixture('locking.ts'),
    })
    await locking.holdFor('a lock', 100)
    const waiting = coordinator.locks.acquire('a lock', { timeout: 300 })
    await stall(500)
    using lease = await waiting
    expect(lease.held).toBe(true)
  })
})

describe('a worker that was blocked', () => {
  it('loses no answer of a dependency that came in time', async () => {
    coordinator.registerComponent<KitchenSink>(sink('asked', { callTimeout: 300 }))
    const asking = coordinator.registerComponent<typeof dependent>({
      name: 'asking',
      module: fixture('dependent.ts'),
      dependencies: ['asked'],
    })
    await asking.count('asked')
    expect(await asking.addThenBlock('asked', 600)).toBe(3)
  })
})

describe('memory, while the main thread is blocked', () => {
  async function stalled(run: (coordinator: ComponentCoordinator) => Promise<void>): Promise<void> {
    await using coordinator = quietCoordinator({ spareWorkers: 0 })
    await run(coordinator)
  }

  it('ends nobody who gives back in time what is too much', async () => {
    await stalled(async (own) => {
      const crashes = crashesOf(own)
      // With the heap of one that has just been loaded, up to 35 MiB, a buffer passes the limit, and not half as much again: past that nobody is asked.
      const memoryLimit = 128 * mib
      const remote = registerHog(own, 'x', 0, { memoryLimit, config: { trims: true } })
      await remote.touch()
      const blocking = setInterval(() => void stall(650), 5)
      try {
        for (let round = 0; round < 3; round++) {
          await remote.holdBuffer(120 * mib)
          // What it has let go of is swept by another thread of V8's, and still counts until then.
          const isSmall = (): boolean => (own.info('x').memory?.total ?? Infinity) < memoryLimit
          await until(async () => crashes.length > 0 || ((await remote.touch()) === 0 && isSmall()))
        }
      } finally {
        clearInterval(blocking)
      }
      expect(crashes).toEqual([])
    })
  })

  it('makes no figure stale', async () => {
    await stalled(async (own) => {
      const remote = own.registerComponent<KitchenSink>(sink('measured'))
      await remote.add(1, 1)
      await own.memory.sample()
      const spinning = remote.standStill(3_000)
      for (let i = 0; i < 3; i++) {
        const sampling = own.memory.sample()
        await stall(650)
        expect((await sampling).components['measured']).toMatchObject({ stale: false })
        expect((await own.memory.sample()).components['measured']).toMatchObject({ stale: false })
        expect(own.info('measured').memory).toMatchObject({ stale: false })
      }
      await spinning
      await until(() => own.info('measured').inUse === 0)
    })
  })
})
