import { array, assert, constant, constantFrom, nat, oneof, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LockModel, modelNames, modelOwners } from './lock-model.ts'
import { LockTable, type LockEffect } from '../../../src/locks/lock-table.ts'
import type { LockMode } from '../../../src/contract/locks.ts'

/** Feeds a table, with the ids counted up. */
class Driver {
  readonly table = new LockTable()
  #id = 0

  request(name: string, session?: string, mode: LockMode = 'exclusive', owner = 'main'): LockEffect[] {
    this.#id += 1
    return [
      ...this.table.apply({ type: 'request', id: this.#id, name, mode, owner, session }, 0),
      ...this.table.apply({ type: 'check' }, 0),
    ]
  }

  release(token: number): LockEffect[] {
    return this.table.apply({ type: 'release', token }, 0)
  }
}

describe('LockTable', () => {
  it('serves first come, first served, one exclusive holder at a time', () => {
    const locks = new Driver()
    expect(locks.request('a')).toEqual([{ type: 'granted', id: 1, token: 1 }])
    expect(locks.request('a')).toEqual([])
    expect(locks.request('a')).toEqual([])
    expect(locks.release(1)).toEqual([{ type: 'granted', id: 2, token: 2 }])
    expect(locks.release(2)).toEqual([{ type: 'granted', id: 3, token: 3 }])
    expect(locks.release(3)).toEqual([])
    expect(locks.table.list()).toEqual([])
  })

  it('lets shared holders in together, but not past a waiting writer', () => {
    const locks = new Driver()
    locks.request('a', undefined, 'shared')
    expect(locks.request('a', undefined, 'shared')).toEqual([{ type: 'granted', id: 2, token: 2 }])
    expect(locks.request('a', undefined, 'exclusive')).toEqual([])
    expect(locks.request('a', undefined, 'shared')).toEqual([])
    expect(locks.request('a', undefined, 'shared')).toEqual([])
    expect(locks.release(1)).toEqual([])
    expect(locks.release(2)).toEqual([{ type: 'granted', id: 3, token: 3 }])
    expect(locks.release(3)).toEqual([
      { type: 'granted', id: 4, token: 4 },
      { type: 'granted', id: 5, token: 5 },
    ])
  })

  it('lets the shared requests behind a writer go on when the writer gives up', () => {
    const locks = new Driver()
    locks.request('a', undefined, 'shared')
    locks.request('a', undefined, 'exclusive')
    locks.request('a', undefined, 'shared')
    expect(locks.table.apply({ type: 'cancel', id: 2 }, 0)).toEqual([{ type: 'granted', id: 3, token: 2 }])
  })

  it('refuses the wait that closes a cycle, with its path', () => {
    const locks = new Driver()
    locks.request('a', 's1')
    locks.request('b', 's2', 'exclusive', 'component:x#1')
    locks.request('c', 's3')
    expect(locks.request('b', 's1')).toEqual([])
    expect(locks.request('c', 's2', 'exclusive', 'component:x#1')).toEqual([])
    expect(locks.request('a', 's3')).toEqual([
      { type: 'deadlock', id: 6, cycle: ['main/s3', 'a', 'main/s1', 'b', 'component:x#1/s2', 'c', 'main/s3'] },
    ])
    // s3 did not wait: when it releases, the others go on.
    expect(locks.release(3)).toEqual([{ type: 'granted', id: 5, token: 4 }])
  })

  it('refuses a session that asks again for what it holds', () => {
    const locks = new Driver()
    locks.request('a', 's1')
    expect(locks.request('a', 's1')).toEqual([{ type: 'deadlock', id: 2, cycle: ['main/s1', 'a', 'main/s1'] }])
  })

  it('sees a deadlock through a writer that waits in between', () => {
    const locks = new Driver()
    locks.request('a', 's1', 'shared')
    locks.request('a', undefined, 'exclusive', 'component:w#1')
    expect(locks.request('a', 's1', 'shared')).toEqual([
      { type: 'deadlock', id: 3, cycle: ['main/s1', 'a', 'component:w#1', 'a', 'main/s1'] },
    ])
  })

  it('does not take two readers for a deadlock', () => {
    const locks = new Driver()
    locks.request('a', 's1', 'shared')
    locks.request('b', 's2', 'shared')
    expect(locks.request('b', 's1', 'shared')).toEqual([{ type: 'granted', id: 3, token: 3 }])
    expect(locks.request('a', 's2', 'shared')).toEqual([{ type: 'granted', id: 4, token: 4 }])
  })

  it('takes the same session name of two owners for two sessions', () => {
    const locks = new Driver()
    locks.request('a', 's', 'exclusive', 'x')
    locks.request('b', 's', 'exclusive', 'y')
    expect(locks.request('b', 's', 'exclusive', 'x')).toEqual([])
    expect(locks.request('a', undefined, 'exclusive', 'y')).toEqual([])
  })

  it('does not judge a session that waits for two locks at once', () => {
    const locks = new Driver()
    locks.request('a', 's1')
    locks.request('b', 's2')
    locks.request('c')
    expect(locks.request('c', 's1')).toEqual([])
    expect(locks.request('b', 's1')).toEqual([])
    expect(locks.request('a', 's2')).toEqual([])
  })

  it('does not judge a session that released something while it waited', () => {
    const locks = new Driver()
    locks.request('a', 's1')
    locks.request('d', 's1')
    locks.request('b', 's2')
    expect(locks.request('b', 's1')).toEqual([])
    locks.release(2)
    expect(locks.request('a', 's2')).toEqual([])
  })

  it('does not take plain requests of one owner for one task', () => {
    const locks = new Driver()
    locks.request('a')
    locks.request('b')
    expect(locks.request('b')).toEqual([])
    expect(locks.request('a')).toEqual([])
  })

  it('finds its way through 5,000 waiters of one lock in one pass', () => {
    const locks = new Driver()
    locks.request('a', 'holder')
    for (let i = 0; i < 5_000; i += 1) {
      locks.request(`own-${i}`, `s${i}`)
      expect(locks.request('a', `s${i}`)).toEqual([])
    }
    const [effect] = locks.request('own-4999', 'holder')
    expect(effect).toMatchObject({
      type: 'deadlock',
      cycle: ['main/holder', 'own-4999', 'main/s4999', 'a', 'main/holder'],
    })
  })

  it('finds a deadlock behind 2,000 readers in one pass', () => {
    const locks = new Driver()
    locks.request('far', 'first')
    for (let i = 0; i < 2_000; i += 1) locks.request('near', `s${i}`, 'shared')
    for (let i = 0; i < 2_000; i += 1) expect(locks.request('far', `s${i}`)).toEqual([])
    const [effect] = locks.request('near', 'first')
    expect(effect).toMatchObject({ type: 'deadlock', cycle: ['main/first', 'near', 'main/s0', 'far', 'main/first'] })
  })

  it('gives what an owner held to the others, not to its own waiters', () => {
    const locks = new Driver()
    locks.request('a', undefined, 'exclusive', 'x')
    locks.request('a', undefined, 'exclusive', 'x')
    locks.request('a', undefined, 'exclusive', 'y')
    expect(locks.table.apply({ type: 'release-owner', owner: 'x' }, 0)).toEqual([
      { type: 'dropped', id: 2, cause: 'owner-gone' },
      { type: 'revoked', token: 1, cause: 'owner-gone' },
      { type: 'granted', id: 3, token: 2 },
    ])
  })
})

describe('LockTable, against a model', () => {
  const command = oneof(
    {
      weight: 6,
      arbitrary: record({
        type: constant('request' as const),
        name: constantFrom(...modelNames),
        mode: constantFrom('exclusive' as const, 'shared' as const),
        session: constantFrom('s0', 's1', 's2', 's3', undefined),
        owner: constantFrom(...modelOwners),
        serves: nat(),
      }),
    },
    {
      weight: 3,
      arbitrary: record({
        type: constant('call' as const),
        session: constantFrom('s0', 's1', 's2', 's3'),
        owner: constantFrom(...modelOwners),
        serves: nat(),
      }),
    },
    { weight: 2, arbitrary: record({ type: constant('answer' as const), pick: nat() }) },
    { weight: 4, arbitrary: record({ type: constant('release' as const), pick: nat() }) },
    { weight: 1, arbitrary: record({ type: constant('cancel' as const), pick: nat() }) },
    { weight: 1, arbitrary: record({ type: constant('force-release' as const), name: constantFrom(...modelNames) }) },
    { weight: 1, arbitrary: record({ type: constant('release-owner' as const), owner: constantFrom(...modelOwners) }) },
  )

  it('excludes, keeps the order, loses no waiter, counts tokens up and finds exactly the deadlocks, those through calls included', () => {
    const seen = { granted: 0, deadlock: 0, dropped: 0, revoked: 0 }
    assert(
      property(array(command, { minLength: 1, maxLength: 60, size: 'max' }), (commands) => {
        const model = new LockModel(seen)
        for (const each of commands) model.run(each)
        model.drain()
      }),
      { numRuns: 1_000 },
    )
    // The runs were not idle ones.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })
})
