import { expect, test, vi } from 'vitest'
import type { NativeAccount } from '../../../../src/memory/account/native-account.ts'
import { NativeOwners } from '../../../../src/memory/account/native-owners.ts'
import type { NativeOwnersOptions } from '../../../../src/memory/account/native-owners.ts'
import { noShare, snapshotWriter } from '../../../../src/memory/decide/native-shares.ts'
import { bookOf, FakeComponent } from '../../../support/fake-components.ts'
import { SNAPSHOT_AFTERMATH } from '../../../../src/memory/tuning.ts'
import { WorkerKeys } from '../../../../src/memory/account/worker-keys.ts'

/** The last figures of a component that does not answer are so old (ms). */
function isFreshWith(status: string, age: number): boolean | undefined {
  const component = new FakeComponent('a')
  const { book } = bookOf([component])
  component.holds(book, 1)
  component.state = { status, since: 0 }
  const sampled = vi.fn<NativeAccount['sampled']>(() => [])
  const owners = new NativeOwners({
    // What is asked of it here.
    native: { sampled, shareOf: () => noShare } as unknown as NativeAccount,
    keys: new WorkerKeys(),
    now: () => (book.memoryOf(component.asSupervisor)?.sampledAt ?? 0) + age,
    account: (supervisor) => book.account(supervisor),
    isRunning: () => true,
    onOverrun: () => {},
    isHelped: () => false,
  })
  const target = book.targetOf(component.asSupervisor)
  if (!target) throw new Error('It has no worker')
  owners.sampled([[component.asSupervisor, target]], Number.POSITIVE_INFINITY)
  return sampled.mock.lastCall?.[1]
}

test('one that does not answer for a second is judged by what the process has, one that loads only after five', () => {
  expect([999, 1_000].map((age) => isFreshWith('ready', age))).toEqual([false, true])
  expect([4_999, 5_000].map((age) => isFreshWith('loading', age))).toEqual([false, true])
})

test('while a helper of ours holds memory, nothing is judged by what the process has', () => {
  let isHelped = false
  const sampled = vi.fn<NativeAccount['sampled']>(() => [])
  const owners = new NativeOwners({
    // The one thing that is asked of it here.
    native: { sampled } as unknown as NativeAccount,
    keys: new WorkerKeys(),
    now: () => 1_000,
    account: vi.fn<NativeOwnersOptions['account']>(),
    isRunning: () => false,
    onOverrun: () => {},
    isHelped: () => isHelped,
  })
  owners.sampled([], 900)
  isHelped = true
  owners.sampled([], 900)
  isHelped = false
  owners.sampled([], 900)
  expect(sampled.mock.calls.map(([, isFresh]) => isFresh)).toEqual([true, false, true])
})

test('whoever has a heap snapshot written is known until its memory is back', () => {
  let time = 1_000
  const component = new FakeComponent('a')
  const { book } = bookOf([component])
  const target = book.targetOf(component.asSupervisor)
  if (!target || !component.generation) throw new Error('It has no worker')
  const sampled = vi.fn<NativeAccount['sampled']>(() => [])
  const owners = new NativeOwners({
    // What is asked of it here.
    native: { sampled, shareOf: () => noShare } as unknown as NativeAccount,
    keys: new WorkerKeys(),
    now: () => time,
    account: (supervisor) => book.account(supervisor),
    isRunning: () => true,
    onOverrun: () => {},
    isHelped: () => false,
  })
  const isSuspected = (standsStill: boolean): boolean | undefined => {
    Object.assign(component.generation ?? {}, { standsStill })
    owners.sampled([[component.asSupervisor, target]], 0)
    return sampled.mock.lastCall?.[0].some(({ key }) => key === snapshotWriter)
  }
  expect([isSuspected(false), isSuspected(true)]).toEqual([false, true])
  time += SNAPSHOT_AFTERMATH - 1
  expect(isSuspected(false)).toBe(true)
  time++
  expect([isSuspected(false), owners.isSnapshotAbout]).toEqual([false, false])
})
