import { describe, expect, test } from 'vitest'
import type { AccountSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { decide, initialDecisions } from '../../../../src/memory/decide/turn.ts'
import type { Decision, DecisionState } from '../../../../src/memory/decide/turn.ts'
import { defaultMemoryOptions } from '../../../../src/memory/options.ts'
import type { MemoryOptions } from '../../../../src/contract/memory-options.ts'
import { RETRY, SHORTEST_LOOK } from '../../../../src/memory/tuning.ts'
import { accountOf, busyOf, componentOf, freeOf, loadOf } from '../../../support/account-snapshots.ts'

/** One decision after the other, each with what was remembered of those before. */
class Turns {
  state: DecisionState = initialDecisions(0)
  readonly options: MemoryOptions

  constructor(options: Partial<MemoryOptions> = {}) {
    this.options = { ...defaultMemoryOptions, minIdleTime: 0, ...options }
  }

  next(account: Partial<AccountSnapshot>): Decision {
    const decision = decide(this.state, accountOf(account), this.options)
    this.state = decision.state
    return decision
  }

  kinds(account: Partial<AccountSnapshot>): string[] {
    return this.next(account).actions.map((action) =>
      'name' in action ? `${action.kind} ${action.name}` : action.kind,
    )
  }
}

test('with room for everybody there is nothing to do, and nothing to look at again', () => {
  const { actions, measure, lookIn, state } = new Turns().next({ components: [componentOf('a')] })
  expect({ actions, measure, lookIn }).toEqual({ actions: [], measure: false, lookIn: Number.POSITIVE_INFINITY })
  expect(state.pressure.level).toBe('low')
})

test('the same account gives the same answer', () => {
  const account = { usage: 960, components: [componentOf('a', { bytes: 300 })], requests: [loadOf(1), freeOf(2, 50)] }
  expect(new Turns().next(account)).toEqual(new Turns().next(account))
})

test('pressure is judged first, and relieved in the same turn', () => {
  const turns = new Turns()
  const components = [componentOf('a', { bytes: 300 })]
  expect(turns.kinds({ usage: 860, components })).toEqual(['give-up-spares', 'trim'])
  expect(turns.state.pressure.level).toBe('high')
  expect(turns.kinds({ usage: 860, components, time: 10_050 })).toEqual(['unload a'])
})

test('whoever has to give back comes first, then those who want memory, then the pressure', () => {
  const components = [busyOf('takes', { bytes: 900, limited: 0, least: { time: 0, bytes: 500 } })]
  const requests = [loadOf(1, { need: 2_000 })]
  expect(new Turns().kinds({ usage: 1_050, components, requests })).toEqual([
    'collect takes',
    'refuse',
    'give-up-spares',
    'trim',
  ])
})

describe('one component is unloaded at a time', () => {
  const components = [
    componentOf('a', { bytes: 300, candidate: { idleTime: 9_000 } }),
    componentOf('b', { bytes: 300, candidate: { idleTime: 8_000 } }),
  ]

  test('be it for a load, or for the pressure', () => {
    const turns = new Turns()
    turns.next({ usage: 900, components })
    expect(turns.kinds({ usage: 900, components, time: 10_050, requests: [loadOf(1, { need: 300 })] })).toEqual([
      'unload a',
    ])
    expect(turns.next({ usage: 900, components, time: 10_060, unloading: true })).toMatchObject({
      actions: [],
      lookIn: SHORTEST_LOOK,
    })
  })
})

describe('what is idle goes before anybody is held to the total limit', () => {
  const takes = busyOf('takes', { bytes: 700, limited: 0, least: { time: 0, bytes: 500 } })
  const idle = componentOf('idle', { bytes: 350, candidate: { priority: 90 } })
  const account = { usage: 1_050, components: [takes, idle] }

  test('whatever its idle floor', () => {
    const turns = new Turns({ minIdleTime: 600_000 })
    expect(turns.kinds(account)).not.toContain('collect takes')
    expect(turns.kinds({ ...account, time: 10_050 })).toEqual(['unload idle'])
  })

  test('but not where components are not unloaded by themselves', () => {
    expect(new Turns({ autoUnloadEnabled: false }).kinds(account)).toContain('collect takes')
  })

  test('nor where its dependents keep it', () => {
    const base = componentOf('idle', { bytes: 350, candidate: { dependents: ['takes'] } })
    expect(new Turns().kinds({ ...account, components: [takes, base] })).toContain('collect takes')
  })
})

test('figures are asked for when anybody needs them, and the next look is when the first has to be', () => {
  const requests = [loadOf(1, { need: 500, timeout: 700 })]
  const components = [busyOf('busy', { bytes: 300 })]
  const turns = new Turns()
  turns.next({ usage: 900, components })
  expect(turns.next({ usage: 900, components, time: 10_050, changedAt: 10_051 })).toMatchObject({ measure: true })
  expect(turns.next({ usage: 550, components, requests: [freeOf(1, 100)], changedAt: 10_001 })).toMatchObject({
    measure: true,
  })
  expect(turns.next({ usage: 900, components, time: 10_060 }).lookIn).toBe(RETRY)
  expect(turns.next({ usage: 900, components, time: 10_070, requests }).lookIn).toBe(280)
})

test("the user's own policy is asked", () => {
  const components = [componentOf('a', { bytes: 300 }), componentOf('b', { bytes: 300 })]
  const turns = new Turns({ policy: () => ({ victims: ['b'] }) })
  turns.next({ usage: 900, components })
  expect(turns.kinds({ usage: 900, components, time: 10_050 })).toEqual(['unload b'])
})
