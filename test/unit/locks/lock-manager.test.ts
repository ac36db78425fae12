import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  CoordinatorShutdownError,
  InvalidOptionsError,
  LockTimeoutError,
  StaleLockError,
} from '../../../src/contract/errors.ts'
import { LockManager } from '../../../src/locks/lock-manager.ts'
import type { LongHold } from '../../../src/locks/long-holds.ts'

afterEach(() => vi.useRealTimers())

describe('LockManager.acquire', () => {
  it('gives a lease that `using` releases', async () => {
    using locks = new LockManager()
    let token: number
    {
      using lease = await locks.acquire('a')
      token = lease.token
      expect(lease).toMatchObject({ name: 'a', mode: 'exclusive', held: true })
      locks.verify('a', token)
      expect(locks.list()).toMatchObject([{ name: 'a', holders: [{ owner: 'main', token }], waiters: [] }])
    }
    expect(locks.list()).toEqual([])
    expect(() => locks.verify('a', token)).toThrow(StaleLockError)
    {
      await using lease = await locks.acquire('a', { mode: 'shared' })
      expect(lease.token).toBeGreaterThan(token)
    }
    expect(locks.stats()).toMatchObject({ held: 0, waiting: 0, granted: 2, released: 2, contended: 0 })
  })

  it('serves waiters in order, and release works once', async () => {
    using locks = new LockManager()
    const first = await locks.acquire('a')
    const order: number[] = []
    const waiters = [1, 2, 3].map(async (n) => {
      using lease = await locks.acquire('a')
      order.push(n)
      return lease.token
    })
    await turn()
    expect(locks.list()[0]?.waiters).toHaveLength(3)
    first.release()
    first.release()
    const tokens = await Promise.all(waiters)
    expect(order).toEqual([1, 2, 3])
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
    expect(locks.stats()).toMatchObject({ granted: 4, released: 4, contended: 3 })
  })

  it('rejects after the timeout, naming the holders, and then no longer stands in the queue', async () => {
    vi.useFakeTimers({ toNotFake: ['setImmediate', 'clearImmediate'] })
    using locks = new LockManager()
    using tx = locks.session('transfer')
    const held = await tx.acquire('a')
    const late = locks.acquire('a')
    const error = late.catch((e: unknown) => e)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(locks.stats().waiting).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await error).toMatchObject({
      name: 'LockTimeoutError',
      code: 'ERR_LOCK_TIMEOUT',
      lock: 'a',
      timeout: 5_000,
      cycle: undefined,
      message: expect.stringContaining(`held by main/${tx.id} (for 5000 ms)`),
    })
    expect(locks.stats()).toMatchObject({ waiting: 0, timeouts: 1 })
    held.release()
    expect(locks.list()).toEqual([])
    expect(vi.getTimerCount()).toBe(1)
    locks.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('with a timeout of 0 takes the lock only if it is free', async () => {
    using locks = new LockManager()
    using lease = await locks.acquire('a', { timeout: 0 })
    expect(lease.held).toBe(true)
    await expect(locks.acquire('a', { timeout: 0 })).rejects.toThrow(LockTimeoutError)
  })

  it('rejects with the reason of its signal, before, during, but not after the wait', async () => {
    using locks = new LockManager()
    const reason = { why: 'changed my mind' }
    await expect(locks.acquire('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const held = await locks.acquire('a', { signal: controller.signal })
    const waiting = locks.acquire('a', { signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(held.held).toBe(true)
    expect(locks.stats()).toMatchObject({ waiting: 0, aborted: 1, held: 1 })
  })

  it('leaves no listener on a signal', async () => {
    using locks = new LockManager()
    const { signal } = new AbortController()
    const held = await locks.acquire('a', { signal })
    await expect(locks.acquire('a', { signal, timeout: 1 })).rejects.toThrow(LockTimeoutError)
    const next = locks.acquire('a', { signal })
    await turn()
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    held.release()
    await next
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('goes on past a waiter that gave up', async () => {
    using locks = new LockManager()
    const held = await locks.acquire('a')
    const controller = new AbortController()
    const gone = locks.acquire('a', { signal: controller.signal })
    const next = locks.acquire('a')
    controller.abort()
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' })
    held.release()
    expect((await next).held).toBe(true)
  })

  it.each([
    ['name', () => new LockManager().acquire('')],
    ['name', () => new LockManager().acquire(7 as never)],
    ['timeout', () => new LockManager().acquire('a', { timeout: Number.NaN })],
    ['timeout', () => new LockManager().acquire('a', { timeout: -1 })],
    ['timeout', () => new LockManager().acquire('a', { timeout: 2 ** 31 })],
    ['mode', () => new LockManager().acquire('a', { mode: 'write' as never })],
    ['signal', () => new LockManager().acquire('a', { signal: {} as never })],
    ['session', () => new LockManager().acquire('a', { session: '' })],
    ['options', () => new LockManager().acquire('a', 5_000 as never)],
    ['names', () => new LockManager().acquireAll([])],
    ['names[1]', () => new LockManager().acquireAll(['a', ''])],
  ])('refuses a bad %s', async (option, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS', option })
  })

  it('refuses bad options of its own', () => {
    expect(() => new LockManager({ longHold: 0 })).toThrow(InvalidOptionsError)
    expect(() => new LockManager({ owner: '' })).toThrow(InvalidOptionsError)
    using locks = new LockManager()
    expect(() => locks.verify('a', 1.5)).toThrow(InvalidOptionsError)
    expect(() => locks.releaseOwner('')).toThrow(InvalidOptionsError)
  })
})

describe('LockManager.acquireAll', () => {
  it('takes them sorted, each once, and gives all back', async () => {
    using locks = new LockManager()
    {
      using all = await locks.acquireAll(['c', 'a', 'b', 'a'])
      expect(all.leases.map((lease) => lease.name)).toEqual(['a', 'b', 'c'])
      expect(all.get('b').held).toBe(true)
      expect(() => all.get('d')).toThrow(InvalidOptionsError)
      expect(locks.stats().held).toBe(3)
    }
    expect(locks.stats().held).toBe(0)
  })

  it('takes all or none, within one timeout', async () => {
    vi.useFakeTimers({ toNotFake: ['setImmediate', 'clearImmediate'] })
    using locks = new LockManager()
    using _held = await locks.acquire('c')
    const all = locks.acquireAll(['a', 'b', 'c'], { timeout: 100 })
    const error = all.catch((e: unknown) => e)
    await vi.advanceTimersByTimeAsync(99)
    expect(locks.stats()).toMatchObject({ held: 3, waiting: 1 })
    await vi.advanceTimersByTimeAsync(1)
    expect(await error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT', lock: 'c' })
    expect(locks.stats()).toMatchObject({ held: 1, waiting: 0 })
  })

  it('never deadlocks against itself, whatever the order asked for', async () => {
    using locks = new LockManager()
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const names = i % 2 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a']
        using _all = await locks.acquireAll(names)
        inside += 1
        most = Math.max(most, inside)
        await turn()
        inside -= 1
      }),
    )
    expect(most).toBe(1)
    expect(locks.stats()).toMatchObject({ held: 0, waiting: 0, deadlocks: 0, timeouts: 0, granted: 120 })
  })
})

describe('taking locks away', () => {
  it('forceRelease makes the token stale, tells the lease, and lets the waiters go on', async () => {
    using locks = new LockManager()
    const lease = await locks.acquire('a')
    const next = locks.acquire('a')
    const { signal } = lease
    expect(locks.forceRelease('a')).toBe(1)
    expect(lease.held).toBe(false)
    expect(signal.reason).toBeInstanceOf(StaleLockError)
    expect(() => locks.verify('a', lease.token)).toThrow(StaleLockError)
    const { token, held } = await next
    expect(held).toBe(true)
    expect(token).toBeGreaterThan(lease.token)
    lease.release()
    locks.verify('a', token)
    expect(locks.forceRelease('nobody has it')).toBe(0)
    expect(locks.stats()).toMatchObject({ held: 1, released: 0, revoked: 1 })
  })

  it('a lease that is asked for its signal afterwards gives an aborted one', async () => {
    using locks = new LockManager()
    const lease = await locks.acquire('a')
    locks.forceRelease('a')
    expect(lease.signal.aborted).toBe(true)
  })

  it('stands a listener that comes back in the middle of it', async () => {
    using locks = new LockManager()
    const lease = await locks.acquire('a')
    const abort = new AbortController()
    const second = locks.acquire('a', { signal: abort.signal })
    let third: Promise<unknown> | undefined
    lease.signal.addEventListener('abort', () => {
      abort.abort()
      third = locks.acquire('a')
      locks.forceRelease('a')
    })
    locks.forceRelease('a')
    expect((await second).held).toBe(false)
    await third
    expect(locks.stats()).toMatchObject({ held: 1, waiting: 0 })
  })

  it('releaseOwner frees all the owner holds, drops what it waits for, and lets the others go on', async () => {
    using locks = new LockManager()
    const dead = locks.for('component:dead#1')
    const a = await dead.acquire('a')
    await dead.acquire('b')
    await locks.acquire('c')
    const dropped = dead.acquire('c')
    const reason = new Error('its worker died')
    const waiters = [locks.acquire('a'), locks.acquire('b', { mode: 'shared' })]
    await turn()
    expect(locks.releaseOwner('component:dead#1', reason)).toBe(2)
    await expect(dropped).rejects.toBe(reason)
    for (const lease of await Promise.all(waiters)) expect(lease.held).toBe(true)
    expect(a.held).toBe(false)
    expect(() => locks.verify('a', a.token)).toThrow(StaleLockError)
    expect(locks.releaseOwner('component:dead#1')).toBe(0)
  })
})

describe('close', () => {
  it('rejects the waiters and later acquires, and leaves no timer', async () => {
    vi.useFakeTimers({ toNotFake: ['setImmediate', 'clearImmediate'] })
    const locks = new LockManager()
    const lease = await locks.acquire('a')
    const waiting = locks.acquire('a')
    await Promise.resolve()
    locks.close()
    locks.close()
    await expect(waiting).rejects.toThrow(CoordinatorShutdownError)
    await expect(locks.acquire('b')).rejects.toThrow(CoordinatorShutdownError)
    expect(vi.getTimerCount()).toBe(0)
    lease.release()
    expect(locks.stats()).toMatchObject({ held: 0, waiting: 0 })
  })
})

describe('long holds', () => {
  it('are reported once each, 30 s after the grant', async () => {
    vi.useFakeTimers()
    const holds: LongHold[] = []
    using locks = new LockManager({ onLongHold: (hold) => holds.push(hold) })
    const a = await locks.acquire('a')
    await vi.advanceTimersByTimeAsync(10_000)
    const b = await locks.for('component:x#1').acquire('b', { mode: 'shared' })
    const brief = await locks.acquire('c')
    await vi.advanceTimersByTimeAsync(10_000)
    brief.release()
    await vi.advanceTimersByTimeAsync(9_990)
    expect(holds).toEqual([])
    await vi.advanceTimersByTimeAsync(10)
    expect(holds).toMatchObject([{ name: 'a', owner: 'main', token: a.token }])
    await vi.advanceTimersByTimeAsync(100_000)
    expect(holds).toMatchObject([{ name: 'a' }, { name: 'b', owner: 'component:x#1', mode: 'shared', token: b.token }])
    expect(holds[1]?.heldFor).toBeGreaterThanOrEqual(29_999)
    expect(locks.stats().longHolds).toBe(2)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('many tasks', () => {
  it('exclude each other, keep their order and all finish', async () => {
    await assert(
      asyncProperty(
        array(
          record({
            name: constantFrom('a', 'b'),
            mode: constantFrom('exclusive' as const, 'shared' as const),
            turns: nat({ max: 3 }),
            ending: constantFrom('release', 'release', 'release', 'abort', 'force'),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        async (tasks) => {
          using locks = new LockManager()
          const inside = { a: { exclusive: 0, shared: 0 }, b: { exclusive: 0, shared: 0 } }
          const granted: { a: number[]; b: number[] } = { a: [], b: [] }
          const outcomes = await Promise.allSettled(
            tasks.map(async ({ name, mode, turns, ending }, index) => {
              const signal = ending === 'abort' ? AbortSignal.timeout(turns) : undefined
              using lease = await locks.acquire(name, { mode, signal })
              granted[name].push(index)
              inside[name][mode] += 1
              const { exclusive, shared } = inside[name]
              if (exclusive > 1 || (exclusive === 1 && shared > 0)) throw new Error('not excluded')
              for (let i = 0; i < turns; i += 1) await turn()
              inside[name][mode] -= 1
              // Taken from readers it would let a writer in beside those that go on.
              if (ending === 'force' && mode === 'exclusive') locks.forceRelease(name)
              return lease.token
            }),
          )
          for (const name of ['a', 'b'] as const) {
            expect(granted[name]).toEqual([...granted[name]].sort((x, y) => x - y))
          }
          const errors = outcomes.filter((outcome) => outcome.status === 'rejected')
          expect(errors.every((outcome) => outcome.reason instanceof DOMException)).toBe(true)
          expect(locks.stats()).toMatchObject({ held: 0, waiting: 0, timeouts: 0, deadlocks: 0 })
        },
      ),
      { numRuns: 60 },
    )
  })
})

it('gives none of several locks when one of them is taken away while the next is waited for', async () => {
  using locks = new LockManager()
  const second = await locks.acquire('b')
  const both = locks.acquireAll(['a', 'b']).catch((e: unknown) => e)
  await expect.poll(() => locks.stats().waiting).toBe(1)
  locks.forceRelease('a')
  second.release()
  expect(await both).toMatchObject({ code: 'ERR_LOCK_STALE', lock: 'a' })
  expect(locks.stats()).toMatchObject({ held: 0, waiting: 0 })
})
