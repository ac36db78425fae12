import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isLockTimeoutError } from '../../../src/contract/errors.ts'
import type { LockLease } from '../../../src/contract/locks.ts'
import { LockManager } from '../../../src/locks/lock-manager.ts'
import { suspectedDeadlocks } from '../../../src/locks/suspected-deadlock.ts'
import type { LockWait } from '../../../src/locks/suspected-deadlock.ts'

/** `party` waits for a lock that `blocker` holds, both since `since`. */
function wait(id: number, party: string, blocker: string, since = 0): LockWait {
  const lock = `of ${blocker}`
  return {
    id,
    waited: [{ party, path: [] }],
    group: party,
    label: party,
    lock,
    since,
    blockers: [{ party: blocker, group: blocker, since }],
  }
}

describe('suspectedDeadlocks', () => {
  it('are cycles that have stood still, each from its youngest wait', () => {
    const waits = [wait(1, 'a', 'b'), wait(2, 'b', 'c'), wait(3, 'c', 'a'), wait(4, 'd', 'a')]
    const cycle = ['c', 'of a', 'a', 'of b', 'b', 'of c', 'c']
    expect(suspectedDeadlocks(waits, 100, 100)).toEqual([{ ids: [3, 1, 2], cycle }])
    const others = [wait(5, 'e', 'f'), wait(6, 'f', 'e')]
    expect(suspectedDeadlocks([...waits, ...others], 100, 100).map(({ ids }) => ids)).toEqual([
      [6, 5],
      [3, 1, 2],
    ])
    expect(suspectedDeadlocks(waits, 100, 100, 2)).toMatchObject([{ ids: [2, 3, 1] }])
    expect(suspectedDeadlocks(waits, 100, 100, 4)).toEqual([])
  })

  it('lead through calls, of whoever waits for one who waits', () => {
    const served: LockWait = {
      ...wait(1, 'd', 'a'),
      waited: [
        { party: 'd', path: [] },
        { party: 'a', path: ['a', 'call of d'] },
      ],
    }
    expect(suspectedDeadlocks([served], 100, 100)).toEqual([{ ids: [1], cycle: ['d', 'of a', 'a', 'call of d', 'd'] }])
  })

  it('are none while anything in the cycle is young', () => {
    expect(suspectedDeadlocks([wait(1, 'a', 'b'), wait(2, 'b', 'a')], 99, 100)).toEqual([])
    expect(suspectedDeadlocks([wait(1, 'a', 'b'), wait(2, 'b', 'a', 50)], 149, 100)).toEqual([])
    const passedOn: LockWait = { ...wait(2, 'b', 'a'), blockers: [{ party: 'a', group: 'a', since: 50 }] }
    expect(suspectedDeadlocks([wait(1, 'a', 'b'), passedOn], 149, 100)).toEqual([])
    expect(suspectedDeadlocks([wait(1, 'a', 'b'), passedOn], 150, 100)).toMatchObject([{ ids: [2, 1] }])
  })

  it('are none where the waits end, nor where a group waits for itself', () => {
    expect(suspectedDeadlocks([wait(1, 'a', 'b'), wait(2, 'b', 'c')], 1_000, 100)).toEqual([])
    expect(suspectedDeadlocks([wait(1, 'a', 'a')], 1_000, 100)).toEqual([])
  })
})

/** Takes two locks, one after the other. */
async function takeBoth(locks: LockManager, first: string, second: string, hold = 0): Promise<string> {
  using one = await locks.acquire(first)
  await turn()
  using two = await locks.acquire(second)
  await sleep(hold)
  return `${one.name} ${two.name}`
}

/** A manager, and the cycles it has suspected, without the numbers of tasks. */
function suspicious(deadlockPatience: number): { locks: LockManager; suspected: string[][] } {
  const suspected: string[][] = []
  const onSuspectedDeadlock = ({ cycle }: { cycle: readonly string[] }): void => {
    suspected.push(cycle.map((step) => step.replace(/task#.*/, 'task')))
  }
  return { locks: new LockManager({ deadlockPatience, onSuspectedDeadlock }), suspected }
}

/** A task that takes one lock, and then what it is told to. */
async function takeOne(
  locks: LockManager,
  name: string,
): Promise<{ ask: (other: string, timeout: number) => Promise<LockLease>; release: () => void }> {
  const lease = await locks.acquire(name)
  const task = AsyncLocalStorage.snapshot()
  return {
    ask: async (other, timeout) => task(() => locks.acquire(other, { timeout })),
    release: () => lease.release(),
  }
}

describe('tasks of the main thread', () => {
  it('that seem to wait for each other are told of once, and go on waiting', async () => {
    const { locks, suspected } = suspicious(40)
    using _ = locks
    const both = [takeBoth(locks, 'a', 'b'), takeBoth(locks, 'b', 'a')]
    const cycle = ['main/task', 'a', 'main/task', 'b', 'main/task']
    await expect.poll(() => suspected).toEqual([cycle])
    // Ten more looks.
    await sleep(100)
    expect(suspected).toHaveLength(1)
    expect(locks.stats()).toMatchObject({ held: 2, waiting: 2, deadlocks: 0, suspectedDeadlocks: 1 })
    locks.forceRelease('a')
    expect(await Promise.all(both)).toEqual(['a b', 'b a'])
  })

  it('whose wait ends by its timeout are told the cycle they are suspected of, and not that it was one', async () => {
    using locks = new LockManager({ deadlockPatience: 40 })
    const [a, b] = await Promise.all([takeOne(locks, 'a'), takeOne(locks, 'b')])
    const error = await a.ask('b', 150).catch((e: unknown) => e)
    expect(error).toMatchObject({ cycle: undefined, suspectedCycle: undefined })
    const older = b.ask('a', 10_000)
    const named = await a.ask('b', 150).catch((e: unknown) => e)
    const steps = (isLockTimeoutError(named) && named.suspectedCycle) || []
    expect(steps.map((step) => step.replace(/#.*/, ''))).toEqual(['main/task', 'b', 'main/task', 'a', 'main/task'])
    expect(isLockTimeoutError(named) && [named.cycle, named.message]).toEqual([
      undefined,
      expect.stringContaining('; suspected deadlock: main/task#'),
    ])
    a.release()
    ;(await older).release()
    b.release()
  })

  it('are told apart by what they do, also when one started the other', async () => {
    const { locks, suspected } = suspicious(40)
    using _ = locks
    // Held and given back before the others begin, as at the start of a program.
    ;(await locks.acquire('start')).release()
    const both = [takeBoth(locks, 'a', 'b'), takeBoth(locks, 'b', 'a')]
    await expect.poll(() => suspected).toHaveLength(1)
    locks.forceRelease('a')
    await Promise.all(both)
  })

  it('that wait for one who works, or for themselves, are left alone', async () => {
    using locks = new LockManager({ deadlockPatience: 20 })
    const results = [takeBoth(locks, 'a', 'b', 150), takeBoth(locks, 'a', 'b', 150), takeBoth(locks, 'b', 'c')]
    const held = await locks.acquire('x')
    const again = locks.acquire('x')
    expect(await Promise.all(results)).toEqual(['a b', 'a b', 'b c'])
    held.release()
    ;(await again).release()
    expect(locks.stats()).toMatchObject({ held: 0, deadlocks: 0, timeouts: 0 })
  })

  it('and a component can wait for each other', async () => {
    const { locks, suspected } = suspicious(40)
    using _ = locks
    const component = locks.for('component:x#1')
    const [mine, theirs] = [await locks.acquire('a'), await component.acquire('b')]
    const waits = [locks.acquire('b'), component.acquire('a')]
    await expect.poll(() => suspected).toEqual([['component:x#1', 'a', 'main/task', 'b', 'component:x#1']])
    theirs.release()
    mine.release()
    for (const lease of await Promise.all(waits)) lease.release()
  })

  it('are not guessed about when nobody wants that', async () => {
    using locks = new LockManager({ deadlockPatience: Infinity })
    const component = locks.for('component:x#1')
    using _mine = await locks.acquire('a')
    using _theirs = await component.acquire('b')
    const waits = [locks.acquire('b', { timeout: 150 }), component.acquire('a', { timeout: 150 })]
    const results = await Promise.allSettled(waits)
    expect(results.map((result) => result.status === 'rejected' && isLockTimeoutError(result.reason))).toEqual([
      true,
      true,
    ])
    expect(locks.stats()).toMatchObject({ deadlocks: 0, timeouts: 2 })
    expect(() => new LockManager({ deadlockPatience: 0 })).toThrow(
      expect.objectContaining({ option: 'deadlockPatience' }) as Error,
    )
  })
})
