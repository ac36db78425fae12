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
    // Four want memory: 25 each.
    const components = [busy('a', 24), idle('b', 25, 1_000), idle('c', 25, 59_999)]
    expect(decided({ need: 25 }, [busy('a', 30), ...components.slice(1)])).toBe('unload c')
    expect(decided({ need: 27 }, components)).toBe('wait')
    expect(decided({ need: 27 }, [idle('a', 24, 1), ...components.slice(1)])).toBe('wait')
    expect(decided({ need: 27 }, [busy('a', 23), idle('b', 26, 1_000), idle('c', 25, 59_999)])).toBe('unload b')
    // Of one above its share anybody may have the room.
    expect(decided({ need: 51 }, [busy('a', 20), idle('b', 20, 2_000), idle('c', 55, 1_000)])).toBe('unload c')
  })

  test('goes before all that nobody has used for a minute, and they have no part in the share', () => {
    const components = [idle('a', 40, 1_000), idle('b', 10, 60_000), idle('c', 10, 90_000)]
    expect(decided({ need: 50 }, components)).toBe('unload c')
    expect(decided({ need: 60 }, components)).toBe('unload c, b')
    expect(decided({ need: 61 }, components)).toBe('wait')
  })

  test('of an equal is let in, whatever its peak is above what the others hold just now, or if nothing is known of it', () => {
    const equals = [1, 2, 3].map((n) => idle(`e${n}`, 20, n, { peak: 30 }))
    expect(decided({ need: 50 }, equals)).toBe('unload e3')
    const unknown = [1, 2, 3].map((n) => idle(`e${n}`, 20, n))
    expect(decided({ need: 50 }, unknown)).toBe('wait')
    expect(decided({ need: 50, mayNeed: 60 }, unknown)).toBe('unload e3')
  })

  test('that waits for its share is looked at again when one of those before it has been idle for a minute', () => {
    const components = [idle('a', 30, 45_000), idle('b', 20, 12_000)]
    const request = loadOf(1, { family: hundred, need: 70, timeout: 300_000 })
    const { actions, lookIn } = stepRequests(
      accountOf({ components, requests: [request] }),
      defaultMemoryOptions,
      priorityIdle,
    )
    expect([actions, lookIn]).toEqual([[], 15_000])
  })

  test('alone has all of it, and is refused at once where it needs more', () => {
    expect(decided({ need: 100 }, [idle('a', 30, 60_000)])).toBe('unload a')
    expect(decided({ need: 100 }, [idle('a', 30, 1)])).toBe('wait')
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
    const components = [componentOf('a', { phase: 'leaving', bytes: 60, family: hundred }), idle('b', 30, 60_000)]
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

  test('has that one give it back also where the others are idle between two calls', () => {
    const others = [idle('b', 20, 50), idle('c', 20, 59_000)]
    expect(goes(busy('a', 70), ...others)).toBeUndefined()
    expect(blamed(busy('a', 70), ...others)).toEqual(['a'])
    // Between two calls of its own.
    expect(goes(idle('a', 70, 10), ...others)).toBe('a')
    // What cannot be unloaded is no exception.
    const pinned = idle('a', 70, 90_000, { candidate: { pinned: true } })
    expect([goes(pinned, ...others), blamed(pinned, ...others)]).toEqual([undefined, ['a']])
  })

  test('loses first who has not been used for a minute, the longest idle, and blames nobody for that', () => {
    const components = [busy('a', 40), idle('b', 40, 1_000), idle('c', 20, 60_000), idle('d', 20, 70_000)]
    expect(goes(...components)).toBe('d')
    expect(overfullFamilies(accountOf({ components }))).toMatchObject([{ held: 120, idle: 40, toBlame: [] }])
    // It goes before one at work is ended.
    const state = decide(initialDecisions(0), accountOf({ components: [busy('a', 80), ...components.slice(2)] }), {
      ...defaultMemoryOptions,
      autoUnloadEnabled: false,
    })
    expect(state.actions.map((action) => 'name' in action && `${action.kind} ${action.name}`)).toEqual(['unload d'])
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

  test('of an instance above its share that are late are refused, and say that the others keep to theirs', () => {
    const components = [idle('a', 30, 1_000), idle('b', 33, 50)]
    const requests = [loadOf(1, { family: hundred, need: 40, since: 0, timeout: 10_000 })]
    const { actions } = stepRequests(accountOf({ components, requests }), defaultMemoryOptions, priorityIdle)
    const holders = [
      { name: 'b', bytes: 33, why: 'keeps to its share of the family' },
      { name: 'a', bytes: 30, why: 'keeps to its share of the family' },
    ]
    expect(actions).toEqual([{ kind: 'refuse', request: 1, family: hundred, holders }])
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
