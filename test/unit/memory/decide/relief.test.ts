import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PressureLevel } from '../../../../src/contract/pressure-level.ts'
import type { Action } from '../../../../src/memory/decide/action.ts'
import type { UnloadPolicy } from '../../../../src/contract/unload-policy.ts'
import { costAware } from '../../../../src/memory/decide/policy-cost-aware.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import { initialPressure } from '../../../../src/memory/decide/pressure.ts'
import { noRelief, stepRelief } from '../../../../src/memory/decide/relief.ts'
import type { ReliefState, ReliefStep } from '../../../../src/memory/decide/relief.ts'
import type { AccountSnapshot, ComponentSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { defaultMemoryOptions } from '../../../../src/memory/options.ts'
import type { MemoryOptions } from '../../../../src/contract/memory-options.ts'
import { RETRY, SHORTEST_LOOK, MEDIUM_DWELL } from '../../../../src/memory/tuning.ts'
import { accountOf, busyOf, componentOf } from '../../../support/account-snapshots.ts'
import { gapsOf } from '../../../support/unload-candidates.ts'

const idleOptions = { ...defaultMemoryOptions, minIdleTime: 0 }

/** What is done about one account after the other. */
class Relieved {
  state: ReliefState = noRelief
  policy: UnloadPolicy = priorityIdle
  readonly options: MemoryOptions

  constructor(options: Partial<MemoryOptions> = {}) {
    this.options = { ...idleOptions, ...options }
  }

  /** `level` undefined: usage is below lowThreshold. */
  step(level: PressureLevel | undefined, account: Partial<AccountSnapshot>, unloads = false): ReliefStep {
    const pressure = { ...initialPressure(), level: level ?? 'low', trim: level !== undefined }
    const step = stepRelief(this.state, pressure, accountOf(account), this.options, this.policy, unloads)
    this.state = step.state
    return step
  }

  actions(level: PressureLevel | undefined, account: Partial<AccountSnapshot>, unloads = false): string[] {
    return this.step(level, account, unloads).actions.map(told)
  }
}

/** As `kind names`. */
function told(action: Action): string {
  if (action.kind === 'trim') return `trim ${action.names.join(' ')}`
  return 'name' in action ? `${action.kind} ${action.name}` : action.kind
}

/** One that has given its spares up and asked for trims at that level before, at 9.9 s. */
function trimmed(level: PressureLevel, options: Partial<MemoryOptions> = {}): Relieved {
  const relieved = new Relieved(options)
  relieved.state = {
    ...noRelief,
    hasGivenUpSpares: true,
    trimmed: { level, at: 9_900 },
    asked: new Set(['a 1', 'b 1']),
  }
  return relieved
}

const a = componentOf('a', { bytes: 300, candidate: { idleTime: 9_000_000 } })
const b = componentOf('b', { bytes: 300, candidate: { idleTime: 8_000_000 } })

describe('below the low threshold', () => {
  test('nothing is done, and spares come back once if they were given up', () => {
    const relieved = new Relieved()
    expect(relieved.actions(undefined, { components: [a] })).toEqual([])
    relieved.actions('low', { components: [a] })
    expect(relieved.actions(undefined, { components: [a] })).toEqual(['restore-spares'])
    expect(relieved.step(undefined, { components: [a] })).toEqual({
      state: noRelief,
      actions: [],
      measure: false,
      lookIn: Number.POSITIVE_INFINITY,
    })
  })
})

describe('at low', () => {
  test('spares go and every worker is asked to trim, each once; nothing is unloaded', () => {
    const relieved = new Relieved()
    const usage = 700
    expect(relieved.actions('low', { usage, components: [a, b] })).toEqual(['give-up-spares', 'trim a b'])
    const next = { ...a, key: 'a 2' }
    expect(relieved.actions('low', { usage, time: 90_000, components: [next, b] })).toEqual(['trim a'])
    expect(relieved.step('low', { usage, components: [next, b] })).toMatchObject({
      actions: [],
      lookIn: Number.POSITIVE_INFINITY,
    })
  })

  test('only those that are ready are asked', () => {
    const components = [componentOf('loads', { phase: 'loading' }), componentOf('leaves', { phase: 'leaving' }), a]
    expect(new Relieved().actions('low', { usage: 700, components })).toEqual(['give-up-spares', 'trim a'])
  })
})

describe('above low', () => {
  const short = { usage: 900, components: [a, b] }

  test('spares go and trims are asked for first, with what is missing, and only then is anything unloaded', () => {
    const relieved = new Relieved()
    const first = relieved.step('high', short)
    expect(first.actions.map(told)).toEqual(['give-up-spares', 'trim a b'])
    expect(first.actions[1]).toMatchObject({ level: 'high', need: expect.closeTo(100) as number })
    expect(first).toMatchObject({ measure: false, lookIn: SHORTEST_LOOK })
    expect(relieved.actions('high', { ...short, time: 10_050, trimming: 2 })).toEqual([])
    expect(relieved.actions('high', { ...short, time: 10_060, trimming: 1 })).toEqual([])
    expect(relieved.actions('high', { ...short, time: 10_070 })).toEqual(['unload a'])
  })

  test("the order is the policy's, and the plan goes with it", () => {
    const [action] = trimmed('high').step('high', short).actions
    expect(action).toMatchObject({
      kind: 'unload',
      reason: 'pressure',
      request: undefined,
      plan: {
        trigger: 'high',
        need: expect.closeTo(100) as number,
        victims: [{ name: 'a' }],
        kept: [{ name: 'b', reason: 'enough' }],
      },
    })
  })

  test('one goes at a time, each by figures taken after the one before was gone', () => {
    const relieved = trimmed('critical')
    const all = { usage: 1_000, components: [componentOf('c', { bytes: 50 }), a, b] }
    expect(relieved.actions('critical', all)).toEqual(['unload a'])
    expect(relieved.step('critical', { ...all, unloading: true })).toMatchObject({
      actions: [],
      measure: false,
      lookIn: SHORTEST_LOOK,
    })
    expect(relieved.actions('critical', all, true)).toEqual([])
    const gone = { ...all, components: [b], usage: 960, changedAt: 10_001 }
    expect(relieved.step('critical', { ...gone, time: 10_002, sampledAt: 10_000 })).toMatchObject({
      actions: [],
      measure: true,
    })
    expect(relieved.actions('critical', { ...gone, time: 10_003, sampledAt: 10_001 })).toEqual(['unload b'])
  })

  test('who is late with what it drops is waited for, but not for long at critical', () => {
    const waiting = { usage: 960, components: [a, busyOf('b')], trimming: 1 }
    expect(trimmed('critical').actions('critical', { ...waiting, time: 9_999 })).toEqual([])
    expect(trimmed('critical').actions('critical', { ...waiting, time: 10_000, sampledAt: 10_000 })).toEqual([
      'unload a',
    ])
    expect(trimmed('high').actions('high', { ...waiting, usage: 900, time: 10_000, sampledAt: 10_000 })).toEqual([])
  })

  test('critical that has passed, and is not left yet, is relieved as high', () => {
    const options = { minIdleTime: 300_000 }
    const late = componentOf('late', { bytes: 300, candidate: { idleTime: 60_001 } })
    const early = componentOf('early', { bytes: 300, candidate: { idleTime: 59_999 } })
    const passed = { usage: 890, components: [late, early] }
    expect(trimmed('critical', options).actions('critical', passed)).toEqual(['unload late'])
    expect(trimmed('critical', options).actions('critical', { ...passed, components: [early] })).toEqual(['held-up'])
    expect(trimmed('critical', options).actions('critical', { ...passed, usage: 799 })).toEqual([])
    expect(trimmed('critical', options).actions('critical', { ...passed, usage: 901 })).toEqual(['unload late'])
  })

  test('what is leaving already counts as gone', () => {
    expect(trimmed('high').step('high', { ...short, leaving: 101 })).toMatchObject({ actions: [], measure: false })
    expect(trimmed('high').actions('high', { ...short, leaving: 99 })).toEqual(['unload a'])
  })

  test('trims are asked for again after a while, or when it gets worse, for as long as something has to go', () => {
    const relieved = trimmed('high')
    const busy = { usage: 900, components: [busyOf('a')] }
    expect(relieved.actions('high', { ...busy, time: 9_900 + MEDIUM_DWELL - 1 })).not.toContain('trim a')
    expect(relieved.actions('high', { ...busy, time: 9_900 + MEDIUM_DWELL })).toContain('trim a')
    expect(relieved.actions('critical', { ...busy, usage: 960, time: 14_950 })).toContain('trim a')
    expect(relieved.actions('critical', { ...busy, usage: 799, time: 90_000 })).toEqual([])
  })

  test('nothing is asked and nothing waited for where the limit is reached before two unloads are done', () => {
    const urgent = { ...short, growth: 1, unloadTime: 50 }
    expect(new Relieved().actions('high', { ...urgent, trimming: 1 })).toEqual(['give-up-spares', 'unload a'])
    expect(new Relieved().actions('high', { ...urgent, growth: 0.99 })).toEqual(['give-up-spares', 'trim a b'])
    // Not even then two at a time, or by old figures.
    expect(trimmed('high').actions('high', { ...urgent, unloading: true })).toEqual([])
    expect(trimmed('high').step('high', { ...urgent, changedAt: 10_001 })).toMatchObject({ actions: [], measure: true })
  })

  test('nothing is unloaded, nor told to be exhausted, where that is switched off', () => {
    const off = trimmed('critical', { autoUnloadEnabled: false })
    expect(off.step('critical', { usage: 1_000, components: [a, busyOf('b')] })).toMatchObject({
      actions: [],
      lookIn: MEDIUM_DWELL,
    })
    expect(new Relieved({ autoUnloadEnabled: false }).actions('critical', { usage: 1_000, components: [a] })).toEqual([
      'give-up-spares',
      'trim a',
    ])
  })
})

describe('when nothing may go', () => {
  const busy = { usage: 900, components: [busyOf('a', { bytes: 300 })] }

  test('that is told, with what would have to go and who stays, and then it rests', () => {
    const relieved = trimmed('high')
    const step = relieved.step('high', busy)
    expect(step.actions).toEqual([
      {
        kind: 'exhausted',
        level: 'high',
        missing: expect.closeTo(100) as number,
        kept: [{ name: 'a', reason: 'in-use' }],
      },
    ])
    expect(step.lookIn).toBe(RETRY)
    // It does not even look who might go.
    const idle = { usage: 900, components: [a] }
    expect(relieved.step('high', { ...idle, time: 10_000 + RETRY - 1 })).toMatchObject({ actions: [], lookIn: 1 })
    expect(relieved.actions('high', { ...idle, time: 10_000 + RETRY })).toEqual(['unload a'])
  })

  test('it does not rest when something has become idle since, or it got worse', () => {
    const rested = (): Relieved => {
      const relieved = trimmed('high')
      relieved.step('high', busy)
      return relieved
    }
    const idle = { usage: 900, components: [a], time: 10_050 }
    expect(rested().actions('high', { ...idle, idleAt: 10_040 })).toEqual(['unload a'])
    const worse = rested()
    expect(worse.actions('critical', { ...idle, usage: 960 })).toEqual(['trim a'])
    expect(worse.actions('critical', { ...idle, usage: 960, time: 10_060 })).toEqual(['unload a'])
  })

  test('that is told once, again when it is worse, and again after something could be done', () => {
    const relieved = trimmed('high')
    const at = (seconds: number): number => 10_000 + seconds * 1_000
    expect(relieved.actions('high', busy)).toEqual(['exhausted'])
    expect(relieved.actions('high', { ...busy, time: at(2) })).toEqual([])
    expect(relieved.actions('critical', { ...busy, usage: 960, time: at(4) })).toEqual(['trim a'])
    expect(relieved.actions('critical', { ...busy, usage: 960, time: at(4.1) })).toEqual(['exhausted'])
    expect(relieved.actions('critical', { ...busy, usage: 960, time: at(6) })).toEqual([])
    // Back at high: that has been told by telling worse.
    expect(relieved.actions('high', { ...busy, time: at(8) })).toEqual([])
    expect(relieved.actions('high', { ...busy, time: at(10) })).toEqual(['trim a'])
    expect(relieved.actions('high', { usage: 900, components: [b], time: at(12) })).toEqual(['unload b'])
    const other = [busyOf('c', { bytes: 300 })]
    expect(relieved.actions('high', { ...busy, components: other, time: at(12.5) })).toEqual(['exhausted'])
  })

  test('that is not told while the price keeps what would go at critical pressure', () => {
    const relieved = trimmed('medium')
    relieved.policy = costAware
    const gaps = gapsOf(...Array<number>(20).fill(60_000))
    const facts = { bytes: 300, candidate: { idleTime: 30_000, minIdleTime: 0, gaps } }
    const account = { usage: 800, components: [componentOf('a', facts), componentOf('b', facts)] }
    expect(relieved.step('medium', account)).toMatchObject({ actions: [], lookIn: RETRY })
    relieved.state = { ...relieved.state, trimmed: { level: 'critical', at: 9_900 } }
    expect(relieved.actions('critical', { ...account, usage: 960 })).toEqual(['unload a'])
  })

  test('uses have to have lasted, and at high longer than at critical; then it is told at once', () => {
    const since = (busySince: number | undefined) => [
      busyOf('a', { busySince }),
      componentOf('b', { candidate: { pinned: true } }),
    ]
    const relieved = trimmed('critical')
    const critical = { usage: 960, components: since(8_000) }
    expect(relieved.step('critical', critical)).toMatchObject({ actions: [], lookIn: RETRY })
    const later = { ...critical, time: 12_500 }
    expect(relieved.step('critical', later)).toMatchObject({ actions: [], lookIn: 500 })
    expect(relieved.actions('critical', { ...critical, time: 13_000 })).toEqual(['exhausted'])
    expect(trimmed('high').actions('high', { usage: 900, components: since(8_000), time: 13_000 })).toEqual([])
    expect(trimmed('high').actions('high', { usage: 900, components: since(-17_000), time: 13_000 })).toEqual([
      'exhausted',
    ])
    // Of some uses nobody tells when they begin: they count from when they are first seen.
    const untold = trimmed('critical')
    expect(untold.actions('critical', { ...critical, components: since(undefined) })).toEqual([])
    expect(untold.actions('critical', { ...critical, components: since(undefined), time: 14_500 })).toEqual([])
    // It is trims that are asked for again.
    expect(untold.actions('critical', { ...critical, components: since(undefined), time: 15_000 })).toEqual([
      'trim a b',
    ])
    expect(untold.actions('critical', { ...critical, components: since(undefined), time: 15_100 })).toEqual([
      'exhausted',
    ])
  })

  test('one that gets in use just as it is to go is no exhaustion', () => {
    const relieved = trimmed('critical')
    expect(relieved.actions('critical', { usage: 960, components: [a] })).toEqual(['unload a'])
    const called = { usage: 960, components: [busyOf('a', { busySince: 10_010 })] }
    expect(relieved.actions('critical', { ...called, time: 10_020, sampledAt: 10_020 })).toEqual([])
  })

  test.each<[string, ComponentSnapshot]>([
    ['has not been idle for long enough', componentOf('b', { candidate: { idleTime: 10, minIdleTime: 300_000 } })],
    ['was loaded again too soon', componentOf('b', { candidate: { residentTime: 10, minResidency: 60_000 } })],
    ['is protected before critical', componentOf('b', { candidate: { priority: 5 } })],
    ['is leaving', componentOf('b', { phase: 'leaving' })],
    ['is needed by one that waits for memory', componentOf('b', { candidate: { dependents: ['c'] } })],
  ])('nothing is told while there is one that could go: it %s', (_, one) => {
    expect(trimmed('high').actions('high', { ...busy, components: [...busy.components, one] })).not.toContain(
      'exhausted',
    )
    const gone = { ...busy, components: [...busy.components, componentOf('b', { candidate: { pinned: true } })] }
    expect(trimmed('high').actions('high', gone)).toEqual(['exhausted'])
  })

  test('that idle floors kept what could go is noted once for each shortage', () => {
    const relieved = trimmed('high', { minIdleTime: 300_000 })
    const floors = { usage: 900, components: [componentOf('a', { bytes: 300, candidate: { idleTime: 10 } })] }
    expect(relieved.actions('high', floors)).toEqual(['held-up'])
    expect(relieved.actions('high', { ...floors, time: 12_000 })).toEqual([])
    relieved.step('low', { ...floors, usage: 700, time: 13_000 })
    expect(relieved.actions('high', { ...floors, time: 14_000 })).toEqual(['held-up'])
  })

  test('that is told again when one of those who stayed is gone, and not before', () => {
    const relieved = trimmed('high')
    const two = { usage: 900, components: [busyOf('a'), busyOf('b')] }
    expect(relieved.actions('high', two)).toEqual(['exhausted'])
    expect(relieved.actions('high', { ...two, components: [busyOf('a'), busyOf('b'), a], time: 12_000 })).toEqual([
      'unload a',
    ])
    expect(relieved.actions('high', { ...two, time: 13_000, idleAt: 12_900 })).toEqual([])
    expect(relieved.actions('high', { ...two, components: [busyOf('a')], time: 14_100 })).toEqual(['exhausted'])
  })

  test('that is told again after the pressure was low', () => {
    const relieved = trimmed('high')
    expect(relieved.actions('high', busy)).toEqual(['exhausted'])
    relieved.step('low', { ...busy, usage: 700, time: 40_000 })
    relieved.state = { ...relieved.state, trimmed: { level: 'high', at: 60_000 } }
    expect(relieved.actions('high', { ...busy, time: 60_100 })).toEqual(['exhausted'])
  })

  test.each<[string, Partial<AccountSnapshot>]>([
    ['one of them is loading', { components: [...busy.components, componentOf('x', { phase: 'loading', bytes: 0 })] }],
    ['what is missing is only promised so far', { reserved: 101 }],
  ])('nothing is told while loads are under way: %s', (_, facts) => {
    const relieved = trimmed('high')
    expect(relieved.step('high', { ...busy, ...facts })).toMatchObject({ actions: [], lookIn: RETRY })
    expect(relieved.actions('high', busy)).toEqual(['exhausted'])
  })
})

describe('whatever there is', () => {
  const components = fc.array(
    fc.record({
      bytes: fc.integer({ min: 0, max: 400 }),
      phase: fc.constantFrom('loading', 'ready', 'ready', 'ready', 'leaving'),
      inUse: fc.boolean(),
      pinned: fc.boolean(),
      priority: fc.constantFrom(5, 50, 90),
    }),
    { maxLength: 6 },
  )
  const accounts = fc.record({
    components,
    other: fc.integer({ min: 0, max: 400 }),
    growth: fc.constantFrom(0, 0, 1, 10),
    leaving: fc.constantFrom(0, 0, 100),
    trimming: fc.constantFrom(0, 0, 1),
    unloading: fc.boolean(),
    isStale: fc.boolean(),
    pause: fc.integer({ min: 1, max: 7_000 }),
  })
  const level = fc.constantFrom<PressureLevel | undefined>(undefined, 'low', 'medium', 'high', 'critical')
  const turns = fc.array(fc.tuple(level, accounts), { maxLength: 12 })
  const snapshots = (
    drawn: readonly { readonly inUse: boolean; readonly pinned: boolean; readonly priority: number }[],
  ) =>
    drawn.map(({ inUse, pinned, priority, ...facts }, i): ComponentSnapshot =>
      componentOf(`c${i}`, { ...facts, candidate: { inUse, pinned, priority } }),
    )

  test('unloads one at a time, above low, by fresh figures, and never what is in use, pinned or not ready', () => {
    fc.assert(
      fc.property(turns, (drawn) => {
        const relieved = new Relieved()
        let time = 10_000
        for (const [level, { components: facts, other, isStale, pause, ...rest }] of drawn) {
          time += pause
          const all = snapshots(facts)
          const usage = all.reduce((sum, { bytes }) => sum + bytes, other)
          const changedAt = isStale ? time + 1 : 0
          const { actions } = relieved.step(level, { ...rest, time, usage, changedAt, components: all })
          const unloaded = actions.flatMap((action) => (action.kind === 'unload' ? [action.name] : []))
          const mayGo = level !== undefined && level !== 'low' && !rest.unloading && !isStale
          expect(unloaded.length).toBeLessThanOrEqual(mayGo ? 1 : 0)
          const victims = all.filter(({ name }) => unloaded.includes(name)).map(({ candidate }) => candidate)
          expect(victims.filter(({ inUse, pinned, loaded }) => inUse || pinned || !loaded)).toEqual([])
        }
      }),
      { numRuns: 500 },
    )
  })
})
