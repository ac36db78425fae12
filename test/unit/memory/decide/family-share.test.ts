import { describe, expect, test } from 'vitest'
import type { FamilyLimits } from '../../../../src/contract/family-limits.ts'
import { decideFamilyLoad, overfullFamilies, planOverfull } from '../../../../src/memory/decide/family-share.ts'
import { stepRequests } from '../../../../src/memory/decide/requests.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import type { AccountSnapshot, ComponentSnapshot, LoadRequest } from '../../../../src/memory/decide/snapshot.ts'
import { decide, initialDecisions } from '../../../../src/memory/decide/turn.ts'
import { defaultMemoryOptions } from '../../../../src/memory/options.ts'
import { accountOf, busyOf, componentOf, loadOf } from '../../../support/account-snapshots.ts'

const limits = (facts: Partial<FamilyLimits>): FamilyLimits => ({
  name: 'f',
  maxMemory: undefined,
  maxLoaded: undefined,
  ...facts,
})
const hundred = limits({ maxMemory: 100 })

type Facts = Parameters<typeof componentOf>[1]
const idle = (name: string, bytes: number, idleTime: number, facts: Facts = {}, family = hundred): ComponentSnapshot =>
  componentOf(name, { bytes, family, ...facts, candidate: { idleTime, ...facts.candidate } })
const busy = (name: string, bytes: number, facts: Facts = {}, family = hundred): ComponentSnapshot =>
  busyOf(name, { bytes, family, ...facts })

/** What is decided for a load: `unload a, b`, or how else. */
function decided(
  request: Partial<LoadRequest>,
  components: readonly ComponentSnapshot[],
  family = hundred,
  facts: Partial<AccountSnapshot> = {},
): string {
  const load = loadOf(1, { family, ...request })
  const account = accountOf({ components, requests: [load], ...facts })
  const decision = decideFamilyLoad(load, family, account)
  if (decision.kind !== 'unload') return decision.kind
  return `unload ${decision.plan.victims.map(({ name }) => name).join(', ')}`
}

describe('a load of an instance', () => {
  test('that fits goes on', () => {
    expect(decided({ need: 40 }, [busy('a', 30), idle('b', 30, 1)])).toBe('fits')
    expect(decided({ need: 40 }, [])).toBe('fits')
  })

  test('has the longest idle ones of its family go, as many as it takes, and nobody else', () => {
    const stranger = componentOf('x', { bytes: 500, candidate: { idleTime: 99_000 } })
    const components = [stranger, idle('a', 30, 1_000), idle('b', 30, 3_000), idle('c', 30, 2_000)]
    expect(decided({ need: 20 }, components)).toBe('unload b')
    expect(decided({ need: 60 }, components)).toBe('unload b, c')
    expect(decided({ need: 100 }, components)).toBe('unload b, c, a')
  })

  test('has nobody go where that would not help, nor who is in use, pinned or needed', () => {
    const components = [busy('a', 60), idle('b', 20, 1_000), idle('c', 20, 2_000, { candidate: { pinned: true } })]
    expect(decided({ need: 41 }, components)).toBe('wait')
    expect(decided({ need: 20 }, components)).toBe('unload b')
    expect(decided({ need: 20 }, [busy('a', 60), idle('b', 40, 1, { candidate: { dependents: ['x'] } })])).toBe('wait')
  })

  test('goes before what is small only while it keeps to its share itself', () => {
    // Two want memory: 50 each. Three: 33.
    const components = [busy('a', 30), idle('b', 30, 1_000), idle('c', 30, 2_000)]
    expect(decided({ need: 50 }, components)).toBe('unload c, b')
    expect(decided({ need: 51 }, components)).toBe('wait')
    expect(decided({ need: 40 }, [busy('a', 10), busy('d', 10), ...components.slice(1)])).toBe('wait')
    // Of one above its share anybody may have the room.
    expect(decided({ need: 51 }, [busy('a', 20), idle('b', 20, 2_000), idle('c', 55, 1_000)])).toBe('unload c')
  })

  test('alone has all of it, and is refused at once where it needs more', () => {
    expect(decided({ need: 100 }, [idle('a', 30, 1)])).toBe('unload a')
    expect(decided({ need: 101 }, [])).toBe('refuse')
  })

  test('counts what was promised and is not filled, also of those that have no worker yet', () => {
    expect(
      decided({ need: 41 }, [componentOf('a', { phase: 'loading', bytes: 5, promised: 60, family: hundred })]),
    ).toBe('wait')
    const letIn = [{ name: 'a', family: hundred, bytes: 60 }]
    expect(decided({ need: 41 }, [], hundred, { letIn })).toBe('wait')
    expect(decided({ need: 40 }, [], hundred, { letIn })).toBe('fits')
  })

  test('waits for who is leaving, and has nobody else go for that', () => {
    const components = [componentOf('a', { phase: 'leaving', bytes: 60, family: hundred }), idle('b', 30, 1)]
    expect(decided({ need: 50 }, components)).toBe('wait')
    expect(decided({ need: 80 }, components)).toBe('unload b')
  })

  test('waits for a place as it does for memory', () => {
    const two = limits({ maxLoaded: 2 })
    const of = (...members: ComponentSnapshot[]): ComponentSnapshot[] =>
      members.map((member) => ({ ...member, family: two, candidate: member.candidate }))
    expect(decided({}, of(busy('a', 900)), two)).toBe('fits')
    expect(decided({}, of(busy('a', 1), idle('b', 1, 1)), two)).toBe('unload b')
    expect(decided({}, of(busy('a', 1), busy('b', 1)), two)).toBe('wait')
    expect(decided({}, of(busy('a', 1), componentOf('b', { phase: 'leaving' })), two)).toBe('wait')
    expect(decided({}, [], two, { letIn: ['a', 'b'].map((name) => ({ name, family: two, bytes: 1 })) })).toBe('wait')
  })
})

describe('a family that has grown', () => {
  const goes = (...components: ComponentSnapshot[]): string | undefined =>
    planOverfull(hundred, accountOf({ components }))?.victims[0]?.name
  const blamed = (...components: ComponentSnapshot[]): string[] =>
    overfullFamilies(accountOf({ components })).flatMap(({ toBlame }) => toBlame.map(({ name }) => name))

  test('within its limit loses nobody', () => {
    expect(goes(busy('a', 60), idle('b', 40, 1))).toBeUndefined()
    expect(blamed(busy('a', 60), idle('b', 40, 1))).toEqual([])
  })

  test('loses the idle one that holds more than its share, not the longest idle', () => {
    expect(goes(busy('a', 30), busy('c', 20), idle('b', 15, 9_000), idle('d', 40, 1))).toBe('d')
  })

  test('has the one at work that holds more than its share give it back, and not the others', () => {
    const components = [busy('a', 70), busy('c', 10), idle('b', 30, 9_000)]
    expect(goes(...components)).toBeUndefined()
    expect(blamed(...components)).toEqual(['a'])
    expect(blamed(busy('a', 120))).toEqual(['a'])
  })

  test('of which all at work keep to their share loses who is idle longest', () => {
    const components = [busy('a', 70), idle('b', 20, 1_000), idle('c', 20, 2_000)]
    expect(goes(...components)).toBe('c')
    expect(blamed(...components)).toEqual([])
  })

  test('is decided with everything else, one component at a time, whatever autoUnloadEnabled says', () => {
    const options = { ...defaultMemoryOptions, autoUnloadEnabled: false }
    const told = (facts: Partial<AccountSnapshot>): string[] =>
      decide(initialDecisions(0), accountOf(facts), options).actions.map((action) =>
        'name' in action ? `${action.kind} ${action.name}` : action.kind,
      )
    const others = [idle('b', 60, 1_000), idle('c', 60, 2_000)]
    expect(told({ components: others })).toEqual(['unload c'])
    expect(told({ components: others, unloading: true })).toEqual([])
    expect(told({ components: [busy('a', 120)] })).toEqual(['collect a'])
    expect(told({ components: [busy('a', 151)] })).toEqual(['end a'])
  })
})

describe('requests', () => {
  const told = (facts: Partial<AccountSnapshot>): string[] =>
    stepRequests(accountOf(facts), defaultMemoryOptions, priorityIdle).actions.map((action) =>
      action.kind === 'unload'
        ? `unload ${action.name}, ${action.reason}`
        : `${action.kind} ${'request' in action ? action.request : ''}`,
    )
  const two = limits({ maxLoaded: 2 })

  test('are let in only as far as their family goes, and others pass', () => {
    const requests = [1, 2, 3].map((id) => loadOf(id, { family: two, need: 1 }))
    expect(told({ requests: [...requests, loadOf(4, { need: 1 })] })).toEqual(['admit 1', 'admit 2', 'admit 4'])
  })

  test('have one of the family unloaded', () => {
    const components = [idle('a', 60, 1_000), idle('b', 40, 2_000)]
    expect(told({ components, requests: [loadOf(1, { family: hundred, need: 30 })] })).toEqual(['unload b, family'])
  })

  test('that are late are refused, with who of the family has what', () => {
    const components = [busy('a', 60), idle('b', 40, 1, { candidate: { pinned: true } })]
    const requests = [loadOf(1, { family: hundred, need: 30, since: 0, timeout: 10_000 })]
    const { actions } = stepRequests(accountOf({ components, requests }), defaultMemoryOptions, priorityIdle)
    expect(actions).toEqual([
      {
        kind: 'refuse',
        request: 1,
        family: hundred,
        holders: [
          { name: 'a', bytes: 60, why: 'in use' },
          { name: 'b', bytes: 40, why: 'pinned' },
        ],
      },
    ])
  })

  test('of an instance above its share displace none that keeps to it, where the total is short either', () => {
    const family = limits({ maxMemory: 900 })
    const small = idle('small', 300, 9_000, {}, family)
    const stranger = componentOf('stranger', { bytes: 300, candidate: { idleTime: 1_000 } })
    const request = loadOf(1, { family, need: 500 })
    const other = busy('other', 50, {}, family)
    expect(told({ components: [small, stranger, other], requests: [request] })).toEqual(['unload stranger, admission'])
  })
})
