import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ComponentCoordinator } from '../../src/index.ts'
import { rejection, until } from '../support/coordinator.ts'
import { bigCoordinator, gib, loaded, loadHogs, mib, registerHog } from '../support/hogs.ts'

/** What is measured now lets it in no more than before. */
async function expectWaits(coordinator: ComponentCoordinator, name: string): Promise<void> {
  await until(() => coordinator.info(name).state === 'loading')
  const { reservations } = await coordinator.memory.sample()
  expect(reservations).toBe(0)
}

describe('a load', () => {
  test('has idle components unloaded first when it would pass the high threshold', async () => {
    await using coordinator = bigCoordinator({ minIdleTime: 600_000, policy: 'priority-idle' })
    await loadHogs(coordinator, { a: 30, b: 30 })
    const reasons: string[] = []
    coordinator.on('unload', ({ name, reason }) => reasons.push(`${name}: ${reason}`))
    await registerHog(coordinator, 'c', 40 * gib).touch()
    await until(() => reasons.length > 0)
    expect(reasons).toEqual(['a: admission'])
    expect(loaded(coordinator)).toEqual(['b', 'c'])
  })

  test('that does not fit is refused after its timeout: says what it needs, the limit, and who holds it', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await loadHogs(coordinator, { busy: 60 })
    await loadHogs(coordinator, { pinned: 20 }, { pinned: true })
    const call = busy?.wait()
    const error = await rejection(registerHog(coordinator, 'x', 40 * gib, { timeout: 300 }).touch())
    expect(error).toMatchObject({
      code: 'ERR_INSUFFICIENT_MEMORY',
      component: 'x',
      needed: 40 * gib,
      limit: 100 * gib,
      holders: [
        { name: 'busy', why: 'in use' },
        { name: 'pinned', why: 'pinned' },
        { name: expect.stringContaining('main') as string },
      ],
    })
    const { usage, holders, message } = error as { usage: number; holders: { bytes: number }[]; message: string }
    expect(holders.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(usage, -6)
    expect(message).toContain('40960.0 MiB')
    expect(coordinator.info('x')).toMatchObject({ state: 'unloaded', crashes: 0 })
    expect(loaded(coordinator)).toEqual(['busy', 'pinned'])
    await busy?.go()
    await call
  })

  test('larger than the limit is refused at once, and takes nobody with it', async () => {
    await using coordinator = bigCoordinator()
    await loadHogs(coordinator, { a: 30 })
    const error = await rejection(registerHog(coordinator, 'x', 101 * gib).touch())
    expect(error).toMatchObject({ code: 'ERR_INSUFFICIENT_MEMORY', needed: 101 * gib })
    expect(loaded(coordinator)).toEqual(['a'])
  })

  test('that waits goes on when something becomes idle: a call ends, a lease is given back', async () => {
    await using coordinator = bigCoordinator()
    const { called } = await loadHogs(coordinator, { called: 40, leased: 40 })
    const lease = await coordinator.acquire('leased')
    const call = called?.wait()
    const first = registerHog(coordinator, 'first', 30 * gib).touch()
    await expectWaits(coordinator, 'first')
    await called?.go()
    await call
    await first
    expect(loaded(coordinator)).toEqual(['leased', 'first'])
    using _busy = await coordinator.acquire('first')
    const second = registerHog(coordinator, 'second', 60 * gib).touch()
    await expectWaits(coordinator, 'second')
    lease.release()
    await second
    expect(loaded(coordinator)).toEqual(['first', 'second'])
  })

  test('that waits goes on when the limit is raised', async () => {
    await using coordinator = bigCoordinator()
    using _lease = await loadHogs(coordinator, { a: 70 }).then(async () => coordinator.acquire('a'))
    const waiting = registerHog(coordinator, 'x', 40 * gib).touch()
    await expectWaits(coordinator, 'x')
    coordinator.memory.configure({ totalLimit: 200 * gib })
    await waiting
    expect(loaded(coordinator)).toEqual(['a', 'x'])
  })

  test('that has waited for most of its timeout still has time to load', async () => {
    await using coordinator = bigCoordinator()
    using _lease = await loadHogs(coordinator, { a: 70 }).then(async () => coordinator.acquire('a'))
    const more = { timeout: 5_000, config: { initDelay: 2_500 }, restart: { intensity: 0 } }
    const waiting = registerHog(coordinator, 'x', 40 * gib, more).touch()
    // The time itself is what this is about: more than is left of the timeout afterwards for what the load takes.
    await sleep(3_000)
    coordinator.memory.configure({ totalLimit: 200 * gib })
    await waiting
    expect(loaded(coordinator)).toEqual(['a', 'x'])
  })

  test('never counts on the bytes of another one', async () => {
    await using coordinator = bigCoordinator({ mediumThreshold: 0.89, highThreshold: 0.9, criticalThreshold: 0.99 })
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, coordinator.memory.usage)), 2)
    const names = ['a', 'b', 'c', 'd', 'e']
    const config = { initDelay: 100 }
    const remotes = names.map((name) => registerHog(coordinator, name, 40 * gib, { config }))
    expect(await Promise.all(remotes.map(async (remote) => remote.touch()))).toEqual([2, 2, 2, 2, 2])
    clearInterval(watch)
    expect(most).toBeGreaterThan(80 * gib)
    expect(most).toBeLessThan(100 * gib)
    expect(loaded(coordinator)).toHaveLength(2)
  })

  test('reserves what it was seen to need, not what was estimated', async () => {
    await using coordinator = bigCoordinator()
    const x = registerHog(coordinator, 'x', mib, { timeout: 2_000 })
    await x.report(60 * gib)
    await coordinator.memory.sample()
    await coordinator.unloadComponent('x')
    using _lease = await loadHogs(coordinator, { a: 50 }).then(async () => coordinator.acquire('a'))
    const { needed } = (await rejection(x.touch())) as { needed: number }
    expect(needed / gib).toBeCloseTo(60, 0)
  })

  test('of unknown size makes room as for the largest known one, but is not refused for a guess', async () => {
    await using coordinator = bigCoordinator()
    const { busy } = await loadHogs(coordinator, { busy: 60, idle: 21 })
    const call = busy?.wait()
    const unknown = { memoryEstimate: 0 }
    await registerHog(coordinator, 'x', 0, unknown).touch()
    // It might have needed a quarter of the limit.
    expect(loaded(coordinator)).toEqual(['busy', 'x'])
    await coordinator.unloadComponent('x')
    await busy?.report(80 * gib)
    await coordinator.memory.sample()
    await registerHog(coordinator, 'y', 0, unknown).touch()
    expect(loaded(coordinator)).toEqual(['busy', 'y'])
    await busy?.go()
    await call
  })

  test('may have nothing unloaded for it when automatic unloading is off', async () => {
    await using coordinator = bigCoordinator({ autoUnloadEnabled: false })
    await loadHogs(coordinator, { a: 70 })
    const error = await rejection(registerHog(coordinator, 'x', 40 * gib, { timeout: 100 }).touch())
    expect(error).toMatchObject({ code: 'ERR_INSUFFICIENT_MEMORY' })
    expect(loaded(coordinator)).toEqual(['a'])
  })
})
