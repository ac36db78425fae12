import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTurn } from '../../src/base/timers.ts'
import { pino } from 'pino'
import { describeValue } from '../../src/contract/describe-value.ts'
import { globalClock, manualClock, crash, simulatePressure } from '../../src/testing/index.ts'
import type { Clock } from '../../src/testing/index.ts'
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

it('goes on where a timer of somebody throws, and tells who advances it', async () => {
  const clock = manualClock()
  const remote = setUp({ clock }, { idleTimeout: minute })
  await remote.next()
  clock.setTimeout(() => {
    throw new Error('mine')
  }, 10)
  await expect(clock.advance(1_000)).rejects.toThrow('mine')
  expect(clock.now()).toBe(1_000)
  await clock.advance(minute)
  expect(coordinator.info('tested').state).toBe('unloaded')
  for (const message of ['a', 'b']) {
    clock.setTimeout(() => {
      throw new Error(message)
    }, Number.NaN)
  }
  await expect(clock.advance(1)).rejects.toMatchObject({ errors: [{ message: 'a' }, { message: 'b' }] })
})

describe('a clock that fails', () => {
  const good = { now: () => performance.now(), setTimeout, clearTimeout }
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 5n, '5', undefined])('is refused where it shows %s', (time) => {
    const clock = { ...good, now: () => time as number }
    expect(() => quietCoordinator({ clock })).toThrow(
      expect.objectContaining({
        option: 'clock',
        message: expect.stringContaining(`is ${describeValue(time)}`) as string,
      }),
    )
    coordinator = quietCoordinator()
  })

  it('is refused where it throws', () => {
    const clock = {
      ...good,
      now: () => {
        throw new Error('mine')
      },
    }
    expect(() => quietCoordinator({ clock })).toThrow(expect.objectContaining({ option: 'clock' }) as Error)
    coordinator = quietCoordinator()
  })

  it.each(['now', 'shows nothing', 'setTimeout', 'clearTimeout'])(
    'later, by %s, is told of once, and the real time counts from then on',
    async (how) => {
      let fails = false
      const failing = <T>(by: string, use: () => T): T => {
        if (fails && how === by) throw new Error('mine')
        return use()
      }
      const lines: string[] = []
      const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
      const clock: Clock = {
        now: () => failing('now', () => (fails && how === 'shows nothing' ? Number.NaN : 7)),
        setTimeout: () => failing('setTimeout', () => 1),
        clearTimeout: () => failing('clearTimeout', () => {}),
      }
      const remote = setUp({ clock, logger }, { idleTimeout: 50 })
      await remote.next()
      fails = true
      const late = rejection(withCallOptions(remote, { timeout: 60 }).never())
      await withCallOptions(remote, { timeout: 1_000 }).next()
      expect(isCallTimeoutError(await late)).toBe(true)
      await coordinator.unloadComponent('tested', { deadline: 0 })
      await remote.next()
      await until(() => coordinator.info('tested').state === 'unloaded')
      expect(lines.filter((line) => line.includes('the clock that was given failed'))).toHaveLength(1)
    },
  )
})

describe('the clock of the globals', () => {
  it('moves what it waits for to fake timers that come, and back to the real ones', async () => {
    const memory = { policy: 'priority-idle' } as const
    const remote = setUp({ clock: globalClock(), autoUnloadEnabled: true, memory }, { idleTimeout: hour })
    for (const _ of [1, 2]) {
      await remote.next()
      // The call is over once its answer has been taken in.
      await nextTurn()
      const unloaded = once(coordinator, 'unload')
      vi.useFakeTimers()
      // Nobody asks between the two.
      vi.advanceTimersByTime(2 * hour)
      expect((await unloaded)[0]).toMatchObject({ reason: 'idle' })
      vi.useRealTimers()
    }
    await remote.next()
    vi.useFakeTimers()
    await using pressure = await simulatePressure(coordinator, 'high')
    const unloaded = pressure.unloaded.length === 0 && once(coordinator, 'unload')
    await vi.advanceTimersByTimeAsync(61_000)
    await unloaded
    expect(pressure.unloaded).toMatchObject([{ reason: 'pressure' }])
  })

  it('waits in real time for what was begun with fake timers that are gone', async () => {
    vi.useFakeTimers()
    const remote = setUp({ clock: globalClock() }, { idleTimeout: 100 })
    await remote.next()
    vi.useRealTimers()
    await until(() => coordinator.info('tested').state === 'unloaded')
    const warned = vi.spyOn(console, 'warn')
    const clock = globalClock()
    const timer = clock.setTimeout(() => expect.unreachable(), 1)
    vi.useFakeTimers()
    clock.clearTimeout(timer)
    await vi.advanceTimersByTimeAsync(10)
    expect(warned).not.toHaveBeenCalled()
  })

  it('takes the time of mock timers without a date from what is due, and says so', async () => {
    const { stdout, stderr } = await runChild(`
      import { mock } from 'node:test'
      import { once } from 'node:events'
      const { globalClock } = await import(new URL('src/testing/index.ts', 'file://' + process.cwd() + '/'))
      const clock = globalClock()
      mock.timers.enable({ apis: ['setTimeout'] })
      const coordinator = new ComponentCoordinator({ logger: silent, clock })
      const component = coordinator.registerComponent(sink('mocked', { idleTimeout: 3_600_000 }))
      await component.add(1, 2)
      await coordinator.memory.sample()
      const unloaded = once(coordinator, 'unload')
      mock.timers.tick(3_600_000)
      console.log((await unloaded)[0].reason, clock.now())
      await coordinator.shutdown()`)
    expect({ stdout, stderr }).toEqual({
      stdout: 'idle 3600000\n',
      stderr: expect.stringMatching(/SPILLWAY_DATE_NOT_MOCKED.*Fake both/) as string,
    })
  })

  it.each([true, false])('goes by the fake timers of vitest (before the coordinator: %s)', async (before) => {
    if (before) vi.useFakeTimers()
    const remote = setUp({ clock: globalClock() }, { idleTimeout: hour, callTimeout: hour })
    await remote.next()
    if (!before) vi.useFakeTimers()
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
