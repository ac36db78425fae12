import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { globalClock, manualClock, crash } from '../../src/testing/index.ts'
import { isCallTimeoutError, isComponentFailedError, withCallOptions } from '../../src/index.ts'
import type { ComponentCoordinator, CoordinatorOptions } from '../../src/index.ts'
import { fixture, quietCoordinator, rejection, until } from '../support/coordinator.ts'
import { runChild } from '../support/child.ts'
import type tested from '../fixtures/tested.ts'

const minute = 60_000
const hour = 60 * minute
let coordinator: ComponentCoordinator

afterEach(async () => {
  vi.useRealTimers()
  // Some leave calls that never end.
  await coordinator.shutdown({ deadline: 100 })
})

function setUp(options: CoordinatorOptions, more: object = {}) {
  coordinator = quietCoordinator({ spareWorkers: 0, ...options })
  return coordinator.registerComponent<typeof tested>({ name: 'tested', module: fixture('tested.ts'), ...more })
}

describe('a manual clock', () => {
  it('alone decides how long something has been idle', async () => {
    const clock = manualClock()
    const remote = setUp({ clock }, { idleTimeout: hour })
    await remote.next()
    expect(coordinator.info('tested').idleTime).toBe(0)
    await clock.advance(hour - 1)
    expect(coordinator.info('tested')).toMatchObject({ state: 'ready', idleTime: hour - 1 })
    await clock.advance(1)
    expect(coordinator.info('tested')).toMatchObject({ state: 'unloaded', unloads: 1 })
    expect(await remote.next()).toBe(1)
    await clock.advance(hour / 2)
    await remote.next()
    await clock.advance(hour - 1)
    expect(coordinator.info('tested').state).toBe('ready')
  })

  it('is what deadlines of calls go by', async () => {
    const clock = manualClock()
    const remote = setUp({ clock }, { callTimeout: hour })
    await remote.next()
    const late = [rejection(remote.never()), rejection(withCallOptions(remote, { timeout: 2 * hour }).never())]
    await until(() => coordinator.info('tested').inUse === 2)
    await clock.advance(hour)
    expect(isCallTimeoutError(await late[0])).toBe(true)
    expect(coordinator.info('tested').state).toBe('ready')
    await clock.advance(hour)
    expect(await late[1]).toMatchObject({ code: 'ERR_CALL_TIMEOUT', timeout: 2 * hour })
    // Of a deadline by such a clock its worker has not heard, and is not to blame for that.
    expect(await remote.next()).toBe(2)
  })

  it('is what back-offs and the restart period go by', async () => {
    const clock = manualClock()
    const remote = setUp({ clock }, { restart: { intensity: 1, period: hour, backoff: minute } })
    await remote.next()
    await crash(coordinator, 'tested')
    await clock.advance(hour)
    await remote.next()
    await crash(coordinator, 'tested')
    // A period later: the second one is the first of the next.
    await remote.next()
    await crash(coordinator, 'tested')
    const failed = await rejection(remote.next())
    expect(isComponentFailedError(failed)).toBe(true)
    expect((failed as { retryAt: number }).retryAt).toBeGreaterThan(Date.now() + minute - 10_000)
    await clock.advance(minute - 1)
    expect(isComponentFailedError(await rejection(remote.next()))).toBe(true)
    await clock.advance(1)
    expect(await remote.next()).toBe(1)
  })

  it('replaces what is too old, and samples at each check interval', async () => {
    const clock = manualClock()
    const remote = setUp({ clock, memory: { checkInterval: hour } }, { recycle: { age: 3 * hour } })
    await remote.next()
    let samples = 0
    coordinator.on('sample', () => samples++)
    await clock.advance(hour)
    expect(samples).toBeGreaterThan(0)
    await clock.advance(2 * hour)
    await until(() => coordinator.info('tested').generation === 2)
    expect(await remote.next()).toBe(1)
  })

  it('calls back in order, each at its time, and not what was taken back', async () => {
    const clock = manualClock()
    const told: [string, number][] = []
    const tell = (what: string) => () => {
      told.push([what, clock.now()])
    }
    clock.setTimeout(tell('c'), 30)
    clock.setTimeout(tell('a'), 10)
    clock.clearTimeout(clock.setTimeout(tell('never'), 20))
    clock.setTimeout(() => clock.setTimeout(tell('b'), 5), 10)
    await Promise.all([clock.advance(20), clock.advance(20)])
    expect(told).toEqual([
      ['a', 10],
      ['b', 15],
      ['c', 30],
    ])
    expect(clock.now()).toBe(40)
    await expect(clock.advance(-1)).rejects.toMatchObject({ option: 'ms' })
    coordinator = quietCoordinator({ clock })
  })
})

describe('the clock of the globals', () => {
  it.each([true, false])('goes by the fake timers of vitest (before the coordinator: %s)', async (before) => {
    if (before) vi.useFakeTimers()
    const remote = setUp({ clock: globalClock() }, { idleTimeout: hour, callTimeout: hour })
    await remote.next()
    if (!before) {
      vi.useFakeTimers()
      // What was set before goes by the real timers.
      await coordinator.unloadComponent('tested')
      await remote.next()
    }
    const late = rejection(remote.never())
    await until(() => coordinator.info('tested').inUse === 1)
    await vi.advanceTimersByTimeAsync(hour)
    expect(isCallTimeoutError(await late)).toBe(true)
    vi.setSystemTime(0)
    expect(coordinator.info('tested').state).toBe('ready')
  })

  it('unloads what fake timers have made idle for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const remote = setUp({ clock: globalClock() }, { idleTimeout: hour })
    await remote.next()
    await vi.advanceTimersByTimeAsync(hour - 1_000)
    expect(coordinator.info('tested').state).toBe('ready')
    const unloaded = once(coordinator, 'unload')
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await unloaded)[0]).toMatchObject({ name: 'tested', reason: 'idle' })
  })

  it('goes by the mock timers of node:test', async () => {
    const { stdout, stderr } = await runChild(`
      import { mock } from 'node:test'
      import { once } from 'node:events'
      const { globalClock } = await import(new URL('src/testing/index.ts', 'file://' + process.cwd() + '/'))
      mock.timers.enable()
      const coordinator = new ComponentCoordinator({ logger: silent, clock: globalClock() })
      const component = coordinator.registerComponent(sink('mocked', { idleTimeout: 3_600_000 }))
      await component.add(1, 2)
      await coordinator.memory.sample()
      mock.timers.tick(3_500_000)
      console.log(coordinator.info('mocked').state, coordinator.info('mocked').idleTime)
      const unloaded = once(coordinator, 'unload')
      mock.timers.tick(200_000)
      console.log((await unloaded)[0].reason)
      await coordinator.shutdown()`)
    expect({ stdout, stderr }).toEqual({ stdout: 'ready 3500000\nidle\n', stderr: '' })
  })

  it('is the real one where nothing is fake', async () => {
    const clock = globalClock()
    coordinator = quietCoordinator({ clock })
    const start = clock.now()
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, 20))
    expect(clock.now() - start).toBeGreaterThan(15)
    clock.clearTimeout(clock.setTimeout(() => expect.unreachable(), 1))
  })
})
