import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { LockManager } from '../../../src/locks/lock-manager.ts'

describe('deadlocks', () => {
  it('rejects the youngest waiter at once, with the path, and the other goes on', async () => {
    using locks = new LockManager()
    const remote = locks.for('component:orders#3')
    using mine = locks.session('mine')
    using theirs = remote.session('theirs')
    await mine.acquire('a')
    await theirs.acquire('b')
    const older = mine.acquire('b')
    await turn()
    const error = await theirs.acquire('a').catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      lock: 'a',
      cycle: [`component:orders#3/${theirs.id}`, 'a', `main/${mine.id}`, 'b', `component:orders#3/${theirs.id}`],
    })
    theirs[Symbol.dispose]()
    expect((await older).held).toBe(true)
    expect(locks.stats()).toMatchObject({ deadlocks: 1, timeouts: 0 })
  })

  it('finds them for acquires within the `run` of a session', async () => {
    using locks = new LockManager()
    const swap = async (first: string, second: string): Promise<string> => {
      using _first = await locks.acquire(first)
      await turn()
      using _second = await locks.acquire(second)
      return 'done'
    }
    const results = await Promise.allSettled([
      locks.session().run(() => swap('a', 'b')),
      locks.session().run(() => swap('b', 'a')),
    ])
    expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(locks.stats()).toMatchObject({ held: 0, deadlocks: 1, timeouts: 0 })
  })

  it('does not confuse the sessions of two managers', async () => {
    using outer = new LockManager()
    using inner = new LockManager()
    await outer.session().run(async () => {
      using _lease = await inner.acquire('a')
      expect(inner.list()[0]?.holders[0]?.session).toBeUndefined()
    })
  })

  it('makes nothing of plain acquires: one holder may release while another waits', async () => {
    using locks = new LockManager()
    const a = await locks.acquire('a')
    const b = await locks.acquire('b')
    const again = [locks.acquire('b'), locks.acquire('a')]
    await turn()
    expect(locks.stats()).toMatchObject({ waiting: 2, deadlocks: 0 })
    a.release()
    b.release()
    for (const lease of await Promise.all(again)) lease.release()
  })

  it('counts what acquireAll has got already', async () => {
    using locks = new LockManager()
    using tx = locks.session()
    await tx.acquire('b')
    const all = locks.acquireAll(['a', 'b'])
    await turn()
    await expect(tx.acquire('a')).rejects.toMatchObject({ cycle: expect.arrayContaining(['a', 'b']) })
    tx[Symbol.dispose]()
    ;(await all).release()
  })
})

describe('sessions', () => {
  it('release what they hold and end their waits when disposed', async () => {
    using locks = new LockManager()
    const other = await locks.acquire('b')
    const tx = locks.session('t')
    const held = await tx.acquire('a')
    const waiting = tx.acquire('b')
    tx[Symbol.dispose]()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    expect(held.held).toBe(false)
    expect(locks.stats()).toMatchObject({ held: 1, waiting: 0 })
    await expect(tx.acquire('c')).rejects.toMatchObject({ name: 'AbortError' })
    other.release()
  })

  it('give back a lock that was granted in the moment they were disposed', async () => {
    using locks = new LockManager()
    const tx = locks.session()
    const granted = tx.acquire('a')
    tx[Symbol.dispose]()
    await expect(granted).rejects.toMatchObject({ name: 'AbortError' })
    expect(locks.stats().held).toBe(0)
  })
})
