import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stepOverrun, withinLimits } from '../../../../src/memory/decide/overrun.ts'
import type { OverrunState, OverrunStep } from '../../../../src/memory/decide/overrun.ts'
import type { AccountSnapshot, ComponentSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { ANSWER_TIME, COLLECT_TIME, END_TIME, OVERRUN_PATIENCE, RETRY } from '../../../../src/memory/tuning.ts'
import { accountOf, busyOf } from '../../../support/account-snapshots.ts'

type Idle = readonly { readonly name: string; readonly bytes: number }[]

/** What is decided about one account after the other, with what was remembered of those before. */
class Watch {
  state: OverrunState = withinLimits

  step(account: AccountSnapshot, idle: Idle = []): OverrunStep {
    const step = stepOverrun(this.state, account, () => idle)
    this.state = step.state
    return step
  }

  /** As `kind name`. */
  actions(account: AccountSnapshot, idle: Idle = []): string[] {
    return this.step(account, idle).actions.map(({ kind, name }) => `${kind} ${name}`)
  }

  /** For so many ms from 10 s on, with a look every 50 ms: when (ms from then) something was decided first that is not to collect. */
  endsAfter(ms: number, at: (time: number) => ComponentSnapshot): number | undefined {
    for (let time = 0; time <= ms; time += 50) {
      const account = accountOf({ time: 10_000 + time, components: [at(10_000 + time)] })
      if (this.actions(account).some((action) => action.startsWith('end'))) return time
    }
    return undefined
  }
}

/** At work, with a limit of its own of 100, holding so much of it. */
const limited = (held: number, facts: Parameters<typeof busyOf>[1] = {}): ComponentSnapshot =>
  busyOf('x', { bytes: held, limited: held, memoryLimit: 100, ...facts })
/** At work, and has taken from 500 on what it holds, none of it on its heap. */
const taker = (held: number, facts: Parameters<typeof busyOf>[1] = {}): ComponentSnapshot =>
  busyOf('x', { bytes: held, limited: 0, least: { time: 9_000, bytes: 500 }, ...facts })

test('nothing is asked of anybody, or remembered, while all limits are kept', () => {
  const watch = new Watch()
  const components = [limited(100), busyOf('y', { bytes: 900, growth: 100 })]
  expect(watch.step(accountOf({ components }))).toEqual({
    state: new Map(),
    actions: [],
    lookIn: Number.POSITIVE_INFINITY,
  })
})

// One rule for both.
describe.each([
  { which: 'its own', limit: 100, one: limited, over: 120, taken: 20, beyondAll: 151 },
  { which: 'the total', limit: 1_000, one: taker, over: 1_020, taken: 520, beyondAll: 1_101 },
])('a component that has taken what passes $which limit', ({ limit, one, over, taken, beyondAll }) => {
  test('is asked to collect its garbage first, once, and is left to it', () => {
    const watch = new Watch()
    expect(watch.actions(accountOf({ components: [one(over)] }))).toEqual(['collect x'])
    for (const time of [10_025, 10_400, 10_700]) {
      expect(watch.actions(accountOf({ time, components: [one(over, { collecting: true })] }))).toEqual([])
    }
  })

  test('is forgotten when it gives back, and asked again, not ended, when it passes the limit again', () => {
    const watch = new Watch()
    watch.step(accountOf({ components: [one(over)] }))
    watch.step(accountOf({ time: 10_100, components: [one(over, { collecting: true })] }))
    expect(watch.step(accountOf({ time: 10_200, components: [one(50, { collectedAt: 10_150 })] })).state).toEqual(
      new Map(),
    )
    const again = one(over, { collectedAt: 10_150 })
    expect(watch.actions(accountOf({ time: 10_300, components: [again] }))).toEqual(['collect x'])
  })

  test('is ended at once past all bounds, however late it might answer', () => {
    const watch = new Watch()
    expect(watch.actions(accountOf({ components: [one(beyondAll, { growth: 1 })] }))).toEqual(['end x'])
  })

  test('is asked even past all bounds where the figure is too old to say what it holds now', () => {
    const watch = new Watch()
    const late = one(beyondAll, { growth: 0.1, age: ANSWER_TIME })
    expect(watch.actions(accountOf({ components: [late] }))).toEqual(['collect x'])
  })

  test('tells by how much, what it has taken, and how it grows', () => {
    const [action] = new Watch().step(accountOf({ components: [one(over, { growth: 0.01 })] })).actions
    expect(action).toMatchObject({ overrun: { limit, held: over, taken, growth: 0.01, lasted: 0 } })
  })
})

describe('its own limit', () => {
  test('is not passed by what it reports: heap and buffers alone count', () => {
    expect(new Watch().actions(accountOf({ components: [limited(100, { bytes: 900 })] }))).toEqual([])
  })

  test.each([
    ['kept more than that', { collectedAt: 10_100 }],
    ['did not answer in time', { age: 600 }],
  ])('ends a component that %s, as soon as that is known', (_, facts) => {
    const watch = new Watch()
    watch.step(accountOf({ components: [limited(120)] }))
    expect(watch.actions(accountOf({ time: 10_150, components: [limited(110, facts)] }))).toEqual(['end x'])
  })

  test('may be passed by half, but never by more than the total allows', () => {
    expect(new Watch().actions(accountOf({ components: [limited(149)] }))).toEqual(['collect x'])
    expect(new Watch().actions(accountOf({ components: [limited(150)] }))).toEqual(['end x'])
    const large = { memoryLimit: 900, least: undefined }
    expect(new Watch().actions(accountOf({ components: [limited(999, large)] }))).toEqual(['collect x'])
    expect(new Watch().actions(accountOf({ components: [limited(1_001, large)] }))).toEqual(['end x'])
  })

  test('is the total where it has none', () => {
    const huge = busyOf('x', { bytes: 1_001, least: undefined })
    expect(new Watch().actions(accountOf({ components: [huge] }))).toEqual(['end x'])
  })

  test('holds while it loads as well, and whatever is idle', () => {
    const loading = limited(120, { phase: 'loading', promised: 100 })
    expect(new Watch().actions(accountOf({ components: [loading] }), [{ name: 'x', bytes: 120 }])).toEqual([
      'collect x',
    ])
  })

  test('of one generation says nothing about the next', () => {
    const watch = new Watch()
    watch.step(accountOf({ components: [limited(120)] }))
    expect(watch.actions(accountOf({ time: 10_100, components: [limited(120, { key: 'x 2' })] }))).toEqual([
      'collect x',
    ])
  })
})

describe('the total limit', () => {
  const asked = (watch: Watch, component: ComponentSnapshot): void => {
    expect(watch.actions(accountOf({ components: [component] }))).toEqual(['collect x'])
  }

  test('blames whoever took most, and soon will have, not whoever holds most', () => {
    const components = [
      busyOf('holds', { bytes: 600 }),
      busyOf('took', { bytes: 220, least: { time: 9_000, bytes: 100 } }),
      busyOf('takes', { bytes: 210, growth: 0.2, least: { time: 9_000, bytes: 150 } }),
    ]
    expect(new Watch().actions(accountOf({ components }))).toEqual(['collect takes'])
    const calm = components.map((component) => ({ ...component, growth: 0 }))
    expect(new Watch().actions(accountOf({ components: calm }))).toEqual(['collect took'])
  })

  test('ends nobody for what it holds: who took next to nothing stays, however long it is passed', () => {
    const watch = new Watch()
    for (let time = 10_000; time < 30_000; time += 100) {
      const components = [busyOf('a', { bytes: 600 }), taker(515)]
      expect(watch.actions(accountOf({ time, components }))).toEqual([])
    }
  })

  test('blames nobody who is leaving, loading as was expected, or idle and about to go', () => {
    for (const facts of [{ phase: 'leaving' }, { promised: 990 }, { least: undefined }] as const) {
      expect(new Watch().actions(accountOf({ components: [taker(990, facts)], usage: 1_050 }))).toEqual([])
    }
    const idle = [{ name: 'x', bytes: 0 }]
    expect(new Watch().actions(accountOf({ components: [taker(1_000)], usage: 1_050 }), idle)).toEqual([])
  })

  test('asks nobody as long as what is idle, or on its way out, makes up for it', () => {
    const components = [taker(900), busyOf('idle', { bytes: 130 })]
    expect(new Watch().actions(accountOf({ components }), [{ name: 'idle', bytes: 30 }])).toEqual([])
    expect(new Watch().actions(accountOf({ components }), [{ name: 'idle', bytes: 29 }])).toEqual(['collect x'])
    expect(new Watch().actions(accountOf({ components, leaving: 30 }))).toEqual([])
  })

  test('is never to be passed by 110%, whatever might go: who would do that before it could answer is ended unasked', () => {
    // 80 are left, which lasts for 200 ms at 0.4 a ms, and it takes 100 to end it.
    const idle = [{ name: 'idle', bytes: 500 }]
    const left = END_TIME * 2
    expect(new Watch().actions(accountOf({ components: [taker(1_020, { growth: 80 / left })] }))).toEqual(['collect x'])
    const faster = taker(1_020, { growth: 80 / END_TIME })
    expect(new Watch().actions(accountOf({ components: [faster] }), idle)).toEqual(['end x'])
  })

  test('asks who does not fill half of the margin while being ended, even past all bounds', () => {
    const half = 50 / END_TIME
    expect(new Watch().actions(accountOf({ components: [taker(1_101, { growth: half * 0.99 })] }))).toEqual([
      'collect x',
    ])
    expect(new Watch().actions(accountOf({ components: [taker(1_101, { growth: half })] }))).toEqual(['end x'])
  })

  test('ends nobody who only may take something soon', () => {
    const grows = { growth: 1, least: { time: 9_000, bytes: 1_094 } }
    const watch = new Watch()
    expect(watch.actions(accountOf({ components: [taker(1_099, grows)] }))).toEqual(['collect x'])
    const answered = taker(1_099, { ...grows, collectedAt: 10_100 })
    expect(watch.actions(accountOf({ time: 10_100, components: [answered] }))).toEqual([])
  })

  test('is passed by a load by what is beyond its promise, and leaves it time where something idle goes for it', () => {
    const loading = (held: number): ComponentSnapshot => taker(held, { phase: 'loading', promised: 980, growth: 1 })
    const account = (held: number) => accountOf({ usage: 1_050, components: [loading(held)] })
    // However it grows.
    expect(new Watch().actions(account(995))).toEqual([])
    expect(new Watch().actions(account(996))).toEqual(['end x'])
    expect(new Watch().actions(account(996), [{ name: 'idle', bytes: 50 }])).toEqual([])
    expect(new Watch().actions(account(996), [{ name: 'idle', bytes: 1 }])).toEqual(['collect x'])
  })

  test('gives it as long to answer as there is, half a second at most', () => {
    const patienceAt = (growth: number): unknown =>
      new Watch().step(accountOf({ components: [taker(1_020, { growth })] })).actions[0]
    expect(patienceAt(0)).toMatchObject({ kind: 'collect', patience: COLLECT_TIME })
    expect(patienceAt(0.2)).toMatchObject({ kind: 'collect', patience: 80 / 0.2 - END_TIME })
    // Less than it takes to end it would be no question.
    expect(patienceAt(0.49)).toMatchObject({ kind: 'collect', patience: END_TIME })
  })

  test('may be passed for five seconds by one that has collected, and less the farther it is passed', () => {
    // It is asked again and again meanwhile, and answers at once. What it took it took slowly, long ago.
    const settled =
      (held: number) =>
      (time: number): ComponentSnapshot =>
        taker(held, { least: { time: 0, bytes: held - 16 }, collectedAt: time })
    const ends = [1_001, 1_025, 1_050, 1_075].map((held) => new Watch().endsAfter(10_000, settled(held)))
    // Of the patience, what is left of the margin of 100.
    expect(ends).toEqual([4_950, 3_750, 2_500, 1_250])
    expect(OVERRUN_PATIENCE).toBe(5_000)
  })

  test('counts what it has grown by since it was asked, and nothing from before', () => {
    const watch = new Watch()
    asked(watch, taker(1_010, { growth: 0.05, least: { time: 9_000, bytes: 500 } }))
    const component = taker(1_020, { least: { time: 9_000, bytes: 500 }, collectedAt: 10_050 })
    expect(watch.actions(accountOf({ time: 11_000, usage: 1_050, components: [component] }))).toEqual([])
    const [action] = watch.step(accountOf({ time: 11_100, usage: 1_095, components: [component] })).actions
    expect(action).toMatchObject({ kind: 'end', overrun: { growth: 10 / 1_100, taken: 520 } })
  })

  test('counts time in which this thread could look, and not that in which it stood still', () => {
    const watch = new Watch()
    asked(watch, taker(1_010))
    const { state } = watch.step(accountOf({ time: 14_000, components: [taker(1_010)] }))
    expect(state.get('')?.lasted).toBe(RETRY)
    expect(watch.step(accountOf({ time: 14_050, components: [taker(1_010)] })).state.get('')?.lasted).toBe(RETRY + 50)
  })

  test('asks one that is still beyond it again after a while: what it gave back then says little by now', () => {
    const watch = new Watch()
    const least = { time: 0, bytes: 990 }
    asked(watch, taker(1_010, { least }))
    const answered = taker(1_010, { least, collectedAt: 10_100 })
    const again = COLLECT_TIME + RETRY
    expect(watch.actions(accountOf({ time: 10_000 + again - 1, components: [answered] }))).toEqual([])
    expect(watch.actions(accountOf({ time: 10_000 + again, components: [answered] }))).toEqual(['collect x'])
  })

  test('remembers what each held when it was passed: growth too slow for any window is found all the same', () => {
    const watch = new Watch()
    const creeping = (held: number): ComponentSnapshot => taker(held, { least: { time: 0, bytes: held } })
    expect(watch.actions(accountOf({ components: [creeping(1_001)] }))).toEqual([])
    const actions = Array.from({ length: 40 }, (_, i) =>
      watch.actions(accountOf({ time: 10_100 + i * 100, components: [creeping(1_001 + i)] })),
    )
    expect(actions.findIndex((decided) => decided.length > 0)).toBe(16)
    expect(actions[16]).toEqual(['collect x'])
  })
})

test('one that would take all to 110% before it answers is ended, though it would only be asked for its own limit', () => {
  const component = taker(1_020, { growth: 2, memoryLimit: 950 })
  expect(new Watch().actions(accountOf({ components: [{ ...component, limited: 960 }] }))).toEqual(['end x'])
})

test('one that passes both limits is asked once', () => {
  const component = taker(1_020, { memoryLimit: 950 })
  expect(new Watch().actions(accountOf({ components: [{ ...component, limited: 960 }] }))).toEqual(['collect x'])
})

describe('whatever happens', () => {
  const bytes = fc.integer({ min: 0, max: 800 })
  const components = fc.array(
    fc.record({
      bytes,
      least: bytes,
      growth: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3, noNaN: true })),
      age: fc.constantFrom(0, 100, 300),
      memoryLimit: fc.option(fc.integer({ min: 1, max: 1_200 }), { nil: undefined }),
      phase: fc.constantFrom('loading', 'ready', 'ready', 'leaving'),
      promised: fc.constantFrom(0, 0, 300),
      collecting: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  const turns = fc.array(fc.record({ components, pause: fc.integer({ min: 1, max: 2_000 }) }), { maxLength: 8 })

  test('names nobody twice in a turn, and nobody who keeps his limit while the total is kept', () => {
    fc.assert(
      fc.property(turns, (drawn) => {
        const watch = new Watch()
        let time = 10_000
        for (const turn of drawn) {
          time += turn.pause
          const all = turn.components.map(({ least, ...facts }, i) =>
            busyOf(`c${i}`, { ...facts, least: { time: 0, bytes: Math.min(least, facts.bytes) } }),
          )
          const account = accountOf({ time, components: all })
          const named = watch.step(account).actions.map(({ name }) => name)
          expect(new Set(named).size).toBe(named.length)
          const over = all.filter(({ limited, memoryLimit }) => limited > (memoryLimit ?? 1_000))
          const allowed = account.usage > 1_000 ? all : over
          expect(named.filter((name) => !allowed.some((component) => component.name === name))).toEqual([])
        }
      }),
      { numRuns: 500 },
    )
  })
})
