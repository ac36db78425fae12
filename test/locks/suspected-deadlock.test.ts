import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isLockTimeoutError } from '../../src/errors.ts'
import { LockManager } from '../../src/locks/lock-manager.ts'
import { suspectedDeadlock } from '../../src/locks/suspected-deadlock.ts'
import type { LockWait } from '../../src/locks/suspected-deadlock.ts'

/** `party` waits for a lock that `blocker` holds, both since `since`. */
function wait(id: number, party: string, blocker: string, since = 0): LockWait {
  const lock = `of ${blocker}`
  return {
    id,
    parties: [party],
    group: party,
    label: party,
    lock,
    since,
    blockers: [{ party: blocker, group: blocker, since }],
  }
}

describe('suspectedDeadlock', () => {
  it('is the youngest wait of a cycle that has stood still, with its path', () => {
    const waits = [wait(1, 'a', 'b'), wait(2, 'b', 'c'), wait(3, 'c', 'a'), wait(4, 'd', 'a')]
    expect(suspectedDeadlock(waits, 100, 100)).toEqual({
      id: 3,
      cycle: ['c', 'of a', 'a', 'of b', 'b', 'of c', 'c'],
    })
  })

  it('is none while anything in the cycle is young', () => {
    expect(suspectedDeadlock([wait(1, 'a', 'b'), wait(2, 'b', 'a')], 99, 100)).toBeUndefined()
    expect(suspectedDeadlock([wait(1, 'a', 'b'), wait(2, 'b', 'a', 50)], 149, 100)).toBeUndefined()
    const passedOn: LockWait = { ...wait(2, 'b', 'a'), blockers: [{ party: 'a', group: 'a', since: 50 }] }
    expect(suspectedDeadlock([wait(1, 'a', 'b'), passedOn], 149, 100)).toBeUndefined()
    expect(suspectedDeadlock([wait(1, 'a', 'b'), passedOn], 150, 100)).toMatchObject({ id: 2 })
  })

  it('is none where the waits end, nor where a group waits for itself', () => {
    expect(suspectedDeadlock([wait(1, 'a', 'b'), wait(2, 'b', 'c')], 1_000, 100)).toBeUndefined()
    expect(suspectedDeadlock([wait(1, 'a', 'a')], 1_000, 100)).toBeUndefined()
  })
})

/** Takes two locks, one after the other. */
async function takeBoth(locks: LockManager, first: string, second: string, hold = 0): Promise<string> {
  using one = await locks.acquire(first)
  await sleep(5)
  using two = await locks.acquire(second)
  await sleep(hold)
  return `${one.name} ${two.name}`
}

describe('tasks of the main thread', () => {
  it('that wait for each other are found without a session: the youngest waiter is rejected, the other goes on', async () => {
    using locks = new LockManager({ deadlockPatience: 40 })
    const results = await Promise.allSettled([takeBoth(locks, 'a', 'b'), takeBoth(locks, 'b', 'a')])
    expect(results[0]).toEqual({ status: 'fulfilled', value: 'a b' })
    const error: unknown = results[1].status === 'rejected' && results[1].reason
    expect(isLockTimeoutError(error) && error.cycle?.map((step) => step.replace(/#.*/, ''))).toEqual([
      'main/task',
      'a',
      'main/task',
      'b',
      'main/task',
    ])
    expect(locks.stats()).toMatchObject({ held: 0, waiting: 0, deadlocks: 1, timeouts: 0 })
  })

  it('are told apart by what they do, also when one started the other', async () => {
    using locks = new LockManager({ deadlockPatience: 40 })
    // Held and given back before the others begin, as at the start of a program.
    ;(await locks.acquire('start')).release()
    const first = takeBoth(locks, 'a', 'b')
    const second = takeBoth(locks, 'b', 'a')
    const results = await Promise.allSettled([first, second])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
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
    using locks = new LockManager({ deadlockPatience: 40 })
    const component = locks.for('component:x#1')
    const [mine, theirs] = [await locks.acquire('a'), await component.acquire('b')]
    const older = locks.acquire('b')
    await expect(component.acquire('a')).rejects.toMatchObject({ lock: 'a', cycle: expect.arrayContaining(['a', 'b']) })
    theirs.release()
    ;(await older).release()
    mine.release()
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
