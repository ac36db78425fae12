import { proxy } from 'comlink'
import { pino } from 'pino'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Remote } from '../../src/contract/remote.ts'
import { ComponentCoordinator } from '../../src/coordinator.ts'
import {
  isComponentCrashedError,
  isCoordinatorShutdownError,
  isInvalidOptionsError,
  isLockTimeoutError,
  isStaleLockError,
} from '../../src/contract/errors.ts'
import type locking from '../fixtures/locking.ts'

type Locking = Remote<typeof locking>

interface Started {
  readonly coordinator: ComponentCoordinator
  readonly components: Locking[]
}

function start(...names: string[]): Started {
  return startUntil(onTestFinished, names)
}

/** @param whenOver takes what is to be done once nobody uses it any more. */
function startUntil(whenOver: (end: () => Promise<void>) => void, names: readonly string[]): Started {
  const coordinator = new ComponentCoordinator({
    autoUnloadEnabled: false,
    spareWorkers: 0,
    logger: pino({ level: 'silent' }),
  })
  whenOver(async () => void (await coordinator.shutdown()))
  const module = new URL('../fixtures/locking.ts', import.meta.url)
  return {
    coordinator,
    components: names.map((name) => coordinator.registerComponent<typeof locking>({ name, module })),
  }
}

const failure = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it was fulfilled'),
    (error: unknown) => error as Error,
  )

/** Until somebody waits for the lock. */
async function contended(coordinator: ComponentCoordinator, name: string, waiters = 1): Promise<void> {
  await expect
    .poll(() => coordinator.locks.list().find((lock) => lock.name === name)?.waiters.length, { timeout: 10_000 })
    .toBe(waiters)
}

/** For tests that give back what they have taken. */
const shared = startUntil(afterAll, ['a', 'b'])

test('two components and the main thread exclude each other, in the order they asked', async () => {
  const { coordinator, components } = shared
  const [a, b] = components as [Locking, Locking]
  const first = await a.hold('x')
  const second = b.hold('x')
  await contended(coordinator, 'x')
  const third = coordinator.locks.acquire('x')
  await contended(coordinator, 'x', 2)
  expect(coordinator.locks.list()).toMatchObject([
    {
      name: 'x',
      holders: [{ owner: 'component:a#1', token: first }],
      waiters: [{ owner: 'component:b#1' }, { owner: 'main' }],
    },
  ])
  await a.release('x')
  expect(await second).toBeGreaterThan(first)
  await b.release('x')
  using lease = await third
  expect(lease.token).toBeGreaterThan(await second)
})

test('readers share, a writer waits for them', async () => {
  const { coordinator, components } = shared
  const [a, b] = components as [Locking, Locking]
  await Promise.all([a.hold('x', { mode: 'shared' }), b.hold('x', { mode: 'shared' })])
  const writer = coordinator.locks.acquire('x')
  await contended(coordinator, 'x')
  await Promise.all([a.release('x'), b.release('x')])
  using lease = await writer
  expect(lease.mode).toBe('exclusive')
})

test('nothing is lost of what several components and calls do under a lock', async () => {
  const { components } = shared
  const cell = new SharedArrayBuffer(4)
  await Promise.all(components.flatMap((each) => [each.increment(cell, 25), each.increment(cell, 25)]))
  expect(new Int32Array(cell)[0]).toBe(100)
})

describe('a holder whose worker dies', () => {
  const deaths: Record<string, (it: Locking) => Promise<unknown>> = {
    'by process.exit': async (it) => failure(it.exit()),
    'of an uncaught error': async (it) => it.throwLate(),
  }
  test.each(Object.keys(deaths))(
    'releases what it holds: its waiters have it when the death is told of (%s)',
    async (how) => {
      const { coordinator, components } = start('a', 'b')
      const [a, b] = components as [Locking, Locking]
      const token = await a.hold('x')
      await a.hold('y', { mode: 'shared' })
      const granted = b.hold('x', { timeout: Number.POSITIVE_INFINITY })
      await contended(coordinator, 'x')
      const atDeath = new Promise((resolve) => coordinator.once('crash', () => resolve(coordinator.locks.list())))
      await deaths[how]!(a)
      expect(await atDeath).toMatchObject([{ name: 'x', holders: [{ owner: 'component:b#1' }], waiters: [] }])
      expect(await granted).toBeGreaterThan(token)
      expect(coordinator.locks.stats()).toMatchObject({ revoked: 2, held: 1, waiting: 0 })
      expect(() => coordinator.locks.verify('x', token)).toThrow(expect.toSatisfy(isStaleLockError))
      await b.release('x')
      // The next generation starts without the locks of the last one.
      expect(await a.isHeld('x')).toBe(false)
    },
  )

  test('releases what it holds when it is stuck and has to be ended', async () => {
    const { coordinator, components } = start('a', 'b')
    const [a, b] = components as [Locking, Locking]
    const token = await a.hold('x')
    const granted = b.hold('x')
    await contended(coordinator, 'x')
    const stuck = failure(a.spin())
    await coordinator.unloadComponent('a', { deadline: 0 })
    expect(isComponentCrashedError(await stuck)).toBe(true)
    expect(await granted).toBeGreaterThan(token)
  })

  test('no longer waits either', async () => {
    const { coordinator, components } = start('a', 'b')
    const [a, b] = components as [Locking, Locking]
    await a.hold('x')
    const waiting = failure(b.hold('x'))
    await contended(coordinator, 'x')
    expect(isComponentCrashedError(await failure(b.exit()))).toBe(true)
    expect(isComponentCrashedError(await waiting)).toBe(true)
    expect(coordinator.locks.stats()).toMatchObject({ held: 1, waiting: 0 })
  })
})

test('a deadlock of two components rejects the one that asked last, with the path, and the other goes on', async () => {
  const { components } = shared
  const [a, b] = components as [Locking, Locking]
  const bothHold = Promise.withResolvers<void>()
  let holding = 0
  const whenHeld = proxy(async () => {
    if (++holding === 2) bothHold.resolve()
    await bothHold.promise
  })
  const results = await Promise.allSettled([a.holdBoth('x', 'y', whenHeld), b.holdBoth('y', 'x', whenHeld)])
  const fulfilled = results.filter((result) => result.status === 'fulfilled')
  const rejected = results.filter((result) => result.status === 'rejected')
  expect([fulfilled.length, rejected.length]).toEqual([1, 1])
  const error: unknown = rejected[0]?.reason
  const cycle = (isLockTimeoutError(error) && error.cycle) || []
  const withoutCalls = cycle.map((step) => step.replace(/\/.*/, ''))
  const [loser, wanted, winner, held] = results[0].status === 'rejected' ? ['a', 'y', 'b', 'x'] : ['b', 'x', 'a', 'y']
  expect(withoutCalls).toEqual([`component:${loser}#1`, wanted, `component:${winner}#1`, held, `component:${loser}#1`])
  expect((error as Error).message).toMatch(/would be a deadlock: component:[ab]#1\S* -> [xy] -> component:[ab]#1/)
})

test('a deadlock of locks that were kept after the calls that took them is suspected, and named when a wait for it is over', async () => {
  const { coordinator, components } = start('a', 'b')
  const [a, b] = components as [Locking, Locking]
  await a.hold('x')
  await b.hold('y')
  const older = a.hold('y', { timeout: 30_000 })
  await contended(coordinator, 'y')
  const error = await failure(b.hold('x', { timeout: 1_500 }))
  expect(isLockTimeoutError(error) && error.cycle).toBeUndefined()
  const cycle = (isLockTimeoutError(error) && error.suspectedCycle) || []
  const withoutCalls = cycle.map((step) => step.replace(/\/.*/, ''))
  expect(withoutCalls).toEqual(['component:b#1', 'x', 'component:a#1', 'y', 'component:b#1'])
  expect(error.message).toMatch(
    /not granted within 1500 ms; held by component:a#1 .*; suspected deadlock: component:b#1/,
  )
  await b.release('y')
  expect(await older).toBeGreaterThan(0)
  expect(coordinator.locks.stats()).toMatchObject({ deadlocks: 0, suspectedDeadlocks: 1, timeouts: 1 })
})

test('several at once are taken in one order, whatever order they are named in', async () => {
  const { components } = shared
  const [a, b] = components as [Locking, Locking]
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? a.holdAll(['x', 'y', 'z']) : b.holdAll(['z', 'y', 'x']))),
  )
  expect(new Set(taken.map(String))).toEqual(new Set(['x,y,z']))
})

test('a lease that is taken away by force tells its holder, and its token is refused everywhere', async () => {
  const { coordinator, components } = start('a', 'b')
  const [a, b] = components as [Locking, Locking]
  const token = await a.hold('x')
  await Promise.all([a.verify('x', token), b.verify('x', token)])
  const taken = a.taken('x')
  expect(coordinator.locks.forceRelease('x')).toBe(1)
  expect(await taken).toBe('ERR_LOCK_STALE')
  expect(await a.isHeld('x')).toBe(false)
  const error = await failure(b.verify('x', token))
  expect(isStaleLockError(error) && [error.lock, error.token]).toEqual(['x', token])
  const next = await b.hold('x')
  expect(next).toBeGreaterThan(token)
  // What the old holder does now does not touch the new one.
  await a.release('x')
  expect(await b.isHeld('x')).toBe(true)
  await b.verify('x', next)
})

describe('a component that is unloaded while it holds a lock', () => {
  test('releases it, and its next generation has to ask again', async () => {
    const { coordinator, components } = start('a')
    const [a] = components as [Locking]
    await a.hold('x')
    const granted = coordinator.locks.acquire('x')
    await contended(coordinator, 'x')
    await coordinator.unloadComponent('a')
    const lease = await granted
    expect(lease.held).toBe(true)
    const again = a.hold('x')
    await contended(coordinator, 'x')
    lease.release()
    expect(await again).toBeGreaterThan(lease.token)
    expect(coordinator.locks.list()).toMatchObject([{ holders: [{ owner: 'component:a#2' }] }])
  })

  test('ends what it waits for, with the call that waits', async () => {
    const { coordinator, components } = start('a')
    const [a] = components as [Locking]
    using lease = await coordinator.locks.acquire('x')
    const waiting = failure(a.hold('x', { timeout: Number.POSITIVE_INFINITY }))
    await contended(coordinator, 'x')
    await coordinator.unloadComponent('a', { deadline: 20 })
    const error = await waiting
    expect(isComponentCrashedError(error) && error.reason).toBe('terminated')
    expect(coordinator.locks.stats()).toMatchObject({ held: 1, waiting: 0 })
    expect(lease.held).toBe(true)
  })
})

test('a wait that is too long says who holds the lock; bad arguments are named', async () => {
  const { components } = start('a', 'b')
  const [a, b] = components as [Locking, Locking]
  await a.hold('x')
  const error = await failure(b.hold('x', { timeout: 30 }))
  expect(isLockTimeoutError(error) && [error.lock, error.timeout, error.cycle]).toEqual(['x', 30, undefined])
  expect(error.message).toMatch(/not granted within 30 ms; held by component:a#1\S* \(for \d+ ms\)/)
  const bad = await failure(b.hold('', {}))
  expect(isInvalidOptionsError(bad) && bad.option).toBe('name')
})

test('after the shutdown nothing is granted any more', async () => {
  const { coordinator, components } = start('a')
  const [a] = components as [Locking]
  await a.hold('x')
  using lease = await coordinator.locks.acquire('y')
  const waiting = failure(coordinator.locks.acquire('y', { timeout: Number.POSITIVE_INFINITY }))
  await contended(coordinator, 'y')
  await coordinator.shutdown()
  expect(isCoordinatorShutdownError(await waiting)).toBe(true)
  expect(isCoordinatorShutdownError(await failure(coordinator.locks.acquire('x')))).toBe(true)
  expect(lease.held).toBe(true)
})
