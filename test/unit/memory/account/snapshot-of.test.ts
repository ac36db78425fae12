import { describe, expect, test } from 'vitest'
import { ComponentAccount } from '../../../../src/memory/account/component-account.ts'
import { Learned } from '../../../../src/memory/account/learned.ts'
import { snapshotOf } from '../../../../src/memory/account/snapshot-of.ts'
import type { ComponentSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { FakeComponent } from '../../../support/fake-components.ts'

type Frame = Parameters<typeof snapshotOf>[2]

const usual: Frame = {
  key: 'a 3',
  now: 10_000,
  policyNow: 10_000,
  minIdleTime: 300_000,
  isLeaving: false,
  promised: 0,
  dependents: () => [],
}
const memory = (bytes: number) => ({ used: bytes, physical: bytes, external: 0, malloced: 0, heap: bytes })

function shown(
  change: (component: FakeComponent, account: ComponentAccount) => void = () => {},
  frame: Partial<Frame> = {},
): ComponentSnapshot {
  const [component, account] = [new FakeComponent('a', 3), new ComponentAccount(new Learned(0))]
  change(component, account)
  return snapshotOf(component.asSupervisor, account, { ...usual, ...frame })
}

describe('a component as a decision sees it', () => {
  test('before it was measured holds nothing', () => {
    expect(shown()).toMatchObject({ name: 'a', key: 'a 3', phase: 'ready', bytes: 0, limited: 0, age: 0, growth: 0 })
  })

  test('holds what it was measured to hold, so many ms ago; what it reports does not count towards its own limit', () => {
    const snapshot = shown((component, account) => {
      component.definition.memoryLimit = 500
      account.measured(memory(100), { reported: 40, uncounted: 0 }, 9_000, 9_800)
    })
    expect(snapshot).toMatchObject({ bytes: 140, limited: 100, age: 200, memoryLimit: 500 })
    expect(snapshot.least).toEqual({ time: 9_000, bytes: 140 })
  })

  test('has the largest of its generations as its peak', () => {
    const learned = (account: ComponentAccount, ...sizes: number[]): void =>
      sizes.forEach((size) => account.measured(memory(size), { reported: 0, uncounted: 0 }, 9_000, 9_000))
    expect(shown().peak).toBe(0)
    expect(shown((_, account) => learned(account, 300, 200)).peak).toBe(300)
    const reloaded = shown((_, account) => {
      learned(account, 300)
      account.ended(9_000, 'ended')
      learned(account, 100)
    })
    expect([reloaded.peak, reloaded.bytes]).toEqual([300, 100])
  })

  test.each([
    ['loading', false, 'loading'],
    ['ready', false, 'ready'],
    ['ready', true, 'leaving'],
    ['loading', true, 'leaving'],
  ])('that is %s, leaving: %s, is %s', (status, isLeaving, phase) => {
    const snapshot = shown((component) => (component.state = { status, since: 0 }), { isLeaving })
    expect(snapshot.phase).toBe(phase)
    expect(snapshot.candidate.loaded).toBe(phase === 'ready')
  })
})

describe('what a policy is told', () => {
  test('is worked out when somebody asks, once', () => {
    let asked = 0
    const dependents = (): string[] => [`${++asked}`]
    const snapshot = shown(() => {}, { dependents })
    expect(asked).toBe(0)
    expect(snapshot.candidate.dependents).toEqual(['1'])
    expect(snapshot.candidate).toBe(snapshot.candidate)
  })

  test('is what is known of the component', () => {
    const { candidate } = shown((component, account) => {
      Object.assign(component, { state: { status: 'ready', since: 9_000 }, idleTime: 700, lastLoadTime: 80 })
      component.definition.priority = 20
      account.measured(memory(100), { reported: 0, uncounted: 0 }, 9_000, 9_800)
    })
    expect(candidate).toMatchObject({
      name: 'a',
      bytes: 100,
      inUse: false,
      pinned: false,
      priority: 20,
      idleTime: 700,
      minIdleTime: 300_000,
      residentTime: 1_000,
      minResidency: 0,
      reloadCost: 80,
    })
  })

  test("has its own idle floor, or the manager's", () => {
    expect(shown((component) => (component.definition.minIdleTime = 0)).candidate.minIdleTime).toBe(0)
  })

  test('has a minimum residency once it was reloaded too soon', () => {
    const { candidate } = shown((_, account) => {
      account.loaded(0, 0)
      account.ended(9_000, 'evicted')
      account.loaded(9_500, 0)
    })
    expect(candidate.minResidency).toBe(60_000)
  })

  test('counts one that is stuck as in use, and one whose snapshot failed just now as pinned', () => {
    expect(shown((component) => (component.inUse = 1)).candidate.inUse).toBe(true)
    const stuck = shown((_, account) => {
      account.measured(memory(100), { reported: 0, uncounted: 0 }, 0, 0)
      account.stayed()
      account.late({ reported: 0, uncounted: 0 })
    })
    expect(stuck.candidate.inUse).toBe(true)
    expect(shown((component) => (component.hibernation.failedLately = true)).candidate.pinned).toBe(true)
    expect(shown((component) => (component.definition.pinned = true)).candidate.pinned).toBe(true)
  })
})
