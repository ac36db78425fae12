import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Action } from '../../../../src/memory/decide/action.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import { stepRequests } from '../../../../src/memory/decide/requests.ts'
import type { RequestsStep } from '../../../../src/memory/decide/requests.ts'
import type { AccountSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { defaultMemoryOptions } from '../../../../src/memory/options.ts'
import type { MemoryOptions } from '../../../../src/contract/memory-options.ts'
import { LONGEST_LOOK } from '../../../../src/memory/tuning.ts'
import { accountOf, busyOf, componentOf, freeOf, loadOf } from '../../../support/account-snapshots.ts'

const step = (account: Partial<AccountSnapshot>, options: Partial<MemoryOptions> = {}): RequestsStep =>
  stepRequests(accountOf(account), { ...defaultMemoryOptions, ...options }, priorityIdle)

/** As `kind request`, or `unload name for request`. */
const told = (action: Action): string => {
  const request = 'request' in action ? action.request : undefined
  return action.kind === 'unload' ? `unload ${action.name} for ${request}` : `${action.kind} ${request}`
}
const actions = (account: Partial<AccountSnapshot>, options: Partial<MemoryOptions> = {}): string[] =>
  step(account, options).actions.map(told)

const idle = (name: string, bytes: number, idleTime = 9_000) => componentOf(name, { bytes, candidate: { idleTime } })

test('while nobody wants memory nothing is decided', () => {
  expect(step({ usage: 2_000 })).toEqual({ actions: [], measure: false, lookIn: Number.POSITIVE_INFINITY })
})

describe('loads', () => {
  test('are let in first come, first served', () => {
    const requests = [loadOf(7, { need: 500 }), loadOf(3, { need: 500 }), loadOf(4, { need: 500 })]
    expect(actions({ requests })).toEqual(['admit 7', 'admit 3'])
  })

  test('never count on the same bytes: each that is let in counts for those after it', () => {
    expect(actions({ requests: [loadOf(1, { need: 600 }), loadOf(2, { need: 401 })] })).toEqual(['admit 1'])
    expect(actions({ requests: [loadOf(1, { need: 600 }), loadOf(2, { need: 400 })] })).toEqual(['admit 1', 'admit 2'])
  })

  test('of unknown size count for as much as they may need', () => {
    const guess = { need: 16, mayNeed: 500 }
    expect(actions({ requests: [loadOf(1, guess), loadOf(2, guess)] })).toEqual(['admit 1', 'admit 2'])
    expect(actions({ requests: [loadOf(1, guess), loadOf(2, guess), loadOf(3, guess)] })).toEqual([
      'admit 1',
      'admit 2',
    ])
  })

  test('that have to wait let others pass that fit', () => {
    const requests = [loadOf(1, { need: 500 }), loadOf(2, { need: 200 })]
    const { actions: decided, lookIn } = step({ requests, components: [busyOf('busy', { bytes: 600 })] })
    expect(decided.map(told)).toEqual(['admit 2'])
    expect(lookIn).toBeLessThanOrEqual(30_000)
  })

  test('have one component unloaded at a time, for whomever', () => {
    const components = [idle('a', 300, 9_000), idle('b', 300, 8_000), idle('c', 300, 7_000)]
    const requests = [loadOf(1, { need: 500 }), loadOf(2, { need: 500 }), freeOf(3, 300)]
    const [action, ...others] = step({ components, requests }).actions
    expect(action).toMatchObject({
      kind: 'unload',
      name: 'a',
      reason: 'admission',
      request: 1,
      plan: { victims: [{ name: 'a' }, { name: 'b' }] },
    })
    expect(others).toEqual([])
    // Those that wait for that are asked about again when their time is up, if it takes that long.
    const waiting = step({ components, requests, unloading: true })
    expect(waiting).toMatchObject({ actions: [], lookIn: 30_000 })
  })

  test('are refused at their timeout, with who holds what they need', () => {
    const requests = [loadOf(1, { need: 500, since: 0, timeout: 10_000 })]
    const components = [busyOf('busy', { bytes: 600 }), idle('small', 50)]
    expect(step({ requests, components }).actions).toEqual([
      {
        kind: 'refuse',
        request: 1,
        holders: [
          { name: 'busy', bytes: 600, why: 'in use' },
          { name: 'small', bytes: 50, why: 'idle' },
        ],
      },
    ])
    expect(step({ requests, components, time: 9_999 })).toMatchObject({ actions: [], lookIn: 1 })
  })

  test('of more than the limit are refused at once, and hold up nobody', () => {
    expect(actions({ requests: [loadOf(1, { need: 1_001 }), loadOf(2)] })).toEqual(['refuse 1', 'admit 2'])
  })

  test('have nothing unloaded where that is switched off', () => {
    const requests = [loadOf(1, { need: 500 })]
    expect(actions({ requests, components: [idle('a', 600)] }, { autoUnloadEnabled: false })).toEqual([])
  })

  test('are asked about again when the first of their waits ends', () => {
    const components = [componentOf('a', { bytes: 600, candidate: { residentTime: 58_000, minResidency: 60_000 } })]
    const requests = [loadOf(1, { need: 600 }), loadOf(2, { need: 600, timeout: 3_000 })]
    expect(step({ components, requests })).toMatchObject({ actions: [], measure: false, lookIn: 1_500 })
    expect(step({ components, requests: requests.slice(0, 1) }).lookIn).toBe(2_000)
  })
})

describe('where memory is tight', () => {
  const tight = { usage: 501, requests: [loadOf(1)] }

  test.each<[string, Partial<AccountSnapshot>]>([
    ['something has changed since', { sampledAt: 9_999, changedAt: 10_000 }],
    ['they are old', { sampledAt: 10_000 - LONGEST_LOOK - 1 }],
  ])('a load is not decided by figures when %s: they are taken anew first', (_, facts) => {
    expect(step({ ...tight, ...facts })).toMatchObject({ actions: [], measure: true })
    expect(step({ ...tight, ...facts, usage: 500 })).toMatchObject({ actions: [{ kind: 'admit' }], measure: false })
  })

  test('it is decided by those of now', () => {
    expect(step({ ...tight, sampledAt: 10_000 - LONGEST_LOOK })).toMatchObject({
      actions: [{ kind: 'admit' }],
      measure: false,
    })
  })

  test('a sample that was taken for it will do, however long that took', () => {
    const requests = [{ ...loadOf(1), since: 9_000 }]
    const sampledAt = 10_000 - LONGEST_LOOK - 1
    expect(step({ ...tight, requests, sampledAt })).toMatchObject({ actions: [{ kind: 'admit' }], measure: false })
  })

  test('one whose time is up is decided by what there is', () => {
    const requests = [loadOf(1, { need: 600, since: 0, timeout: 10_000 })]
    expect(step({ usage: 501, requests, changedAt: 10_001 })).toMatchObject({
      actions: [{ kind: 'refuse' }],
      measure: false,
    })
  })

  test('what those before it were promised counts', () => {
    const requests = [loadOf(1, { need: 300 }), loadOf(2, { need: 301 })]
    expect(step({ requests, sampledAt: 0 })).toMatchObject({ actions: [{ kind: 'admit', request: 1 }], measure: true })
  })
})

describe('a request for free memory', () => {
  test('has unloaded what goes first, whatever the idle floors and residencies', () => {
    const components = [
      componentOf('recent', { bytes: 300, candidate: { idleTime: 5, minIdleTime: 300_000 } }),
      componentOf('resident', {
        bytes: 300,
        candidate: { idleTime: 9_000, residentTime: 1, minResidency: 900_000 },
      }),
    ]
    const [action] = step({ components, requests: [freeOf(1, 400)] }).actions
    expect(action).toMatchObject({
      kind: 'unload',
      name: 'resident',
      reason: 'free-memory',
      request: 1,
      plan: { trigger: 'demand', need: 400, victims: [{ name: 'resident' }, { name: 'recent' }] },
    })
  })

  test('also where components are not unloaded by themselves', () => {
    const account = { components: [idle('a', 300)], requests: [freeOf(1, 100)] }
    expect(actions(account, { autoUnloadEnabled: false })).toEqual(['unload a for 1'])
  })

  test('does not ask those again that stayed', () => {
    const components = [idle('stays', 300, 9_000), idle('goes', 300, 8_000)]
    expect(actions({ components, requests: [freeOf(1, 100, 'stays')] })).toEqual(['unload goes for 1'])
    expect(actions({ components, requests: [freeOf(1, 100, 'stays', 'goes')] })).toEqual(['settle 1'])
    // What one has asked says nothing to another.
    expect(actions({ components, requests: [freeOf(1, 100, 'stays', 'goes'), freeOf(2, 100)] })).toEqual([
      'settle 1',
      'unload stays for 2',
    ])
  })

  test('is settled when enough is free, or nothing more may go', () => {
    expect(actions({ components: [idle('a', 300)], requests: [freeOf(1, 0), freeOf(2, -50)] })).toEqual([
      'settle 1',
      'settle 2',
    ])
    const components = [
      busyOf('busy'),
      componentOf('pinned', { candidate: { pinned: true } }),
      componentOf('protected', { candidate: { priority: 10 } }),
    ]
    expect(actions({ components, requests: [freeOf(1, 1)] })).toEqual(['settle 1'])
  })

  test('waits for figures of now, and for what is being unloaded', () => {
    const account = { components: [idle('a', 300)], requests: [freeOf(1, 100)] }
    expect(step({ ...account, changedAt: 10_001 })).toMatchObject({ actions: [], measure: true })
    expect(step({ ...account, changedAt: 10_001, unloading: true })).toMatchObject({ actions: [], measure: false })
  })
})

describe('whatever is asked', () => {
  const bytes = fc.integer({ min: 0, max: 1_100 })
  const request = fc.record({
    free: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
    need: bytes,
    beyond: fc.constantFrom(0, 0, 200),
    waited: fc.constantFrom(0, 1_000, 15_000, 30_000, 50_000),
  })
  const component = fc.record({
    bytes: fc.integer({ min: 0, max: 400 }),
    inUse: fc.boolean(),
    priority: fc.constantFrom(5, 50, 90),
    minResidency: fc.constantFrom(0, 60_000),
    residentTime: fc.constantFrom(0, 100_000),
  })
  const facts = fc.record({
    requests: fc.array(request, { maxLength: 6 }),
    components: fc.array(component, { maxLength: 5 }),
    other: fc.integer({ min: 0, max: 400 }),
    possible: fc.constantFrom(0, 0, 100),
    leaving: fc.constantFrom(0, 0, 100),
    unloading: fc.boolean(),
    isStale: fc.boolean(),
  })
  const draw = ({
    requests,
    components,
    other,
    isStale,
    ...rest
  }: typeof facts extends fc.Arbitrary<infer F> ? F : never) => {
    const all = components.map(({ bytes, ...candidate }, i) => componentOf(`c${i}`, { bytes, candidate }))
    const usage = all.reduce((sum, { bytes }) => sum + bytes, other + rest.leaving)
    return accountOf({
      ...rest,
      time: 100_000,
      changedAt: isStale ? 100_001 : 0,
      usage,
      components: all,
      requests: requests.map(({ free, need, beyond, waited }, id) =>
        free ? freeOf(id, need) : loadOf(id, { need, mayNeed: need + beyond, since: 100_000 - waited }),
      ),
    })
  }

  test('all that are let in fit together, one goes at most, each is answered once, and nobody is forgotten', () => {
    fc.assert(
      fc.property(facts, (drawn) => {
        const account = draw(drawn)
        const { actions: decided, measure, lookIn } = stepRequests(account, defaultMemoryOptions, priorityIdle)
        const admitted = new Set(decided.flatMap((action) => (action.kind === 'admit' ? [action.request] : [])))
        const promised = account.requests.reduce(
          (sum, each) => sum + (each.kind === 'load' && admitted.has(each.id) ? each.need : 0),
          0,
        )
        expect(promised === 0 || account.usage + promised <= account.limit).toBe(true)
        const unloads = decided.filter(({ kind }) => kind === 'unload')
        expect(unloads.length).toBeLessThanOrEqual(account.unloading ? 0 : 1)
        const answered = decided.flatMap((action) => ('request' in action ? [action.request] : []))
        expect(new Set(answered).size).toBe(answered.length)
        for (const { id, kind } of account.requests) {
          const isAwaited = answered.includes(id) || measure || account.unloading || unloads.length > 0
          expect(isAwaited || (kind === 'load' && lookIn <= 30_000)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
