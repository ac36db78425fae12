import { describe, expect, test } from 'vitest'
import { costAware } from '../../../../src/memory/decide/policy-cost-aware.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import type { UnloadCandidate, UnloadTrigger, KeptReason } from '../../../../src/contract/unload-policy.ts'
import { planUnload } from '../../../../src/memory/decide/plan.ts'
import { candidate, gapsOf, MIB } from '../../../support/unload-candidates.ts'

const victims = (candidates: readonly UnloadCandidate[], trigger: UnloadTrigger, need: number): readonly string[] =>
  priorityIdle(candidates, trigger, need).victims

const reasonFor = (
  facts: Partial<UnloadCandidate>,
  trigger: UnloadTrigger,
  others: readonly UnloadCandidate[] = [],
): KeptReason | 'goes' => {
  const { kept = [] } = priorityIdle([candidate('asked', facts), ...others], trigger, 1_000 * MIB)
  return kept.find(({ name }) => name === 'asked')?.reason ?? 'goes'
}

describe('priority-idle', () => {
  test('takes the largest priority number first, then the longest idle, then the larger', () => {
    const candidates = [
      candidate('important', { priority: 20, idleTime: 9_000_000 }),
      candidate('small', { bytes: 10 * MIB }),
      candidate('large', { bytes: 90 * MIB }),
      candidate('idle for longer', { idleTime: 4_000_000, bytes: 1 * MIB }),
      candidate('unimportant', { priority: 90, idleTime: 400_000 }),
    ]
    expect(victims(candidates, 'critical', 1_000 * MIB)).toEqual([
      'unimportant',
      'idle for longer',
      'large',
      'small',
      'important',
    ])
  })

  test('stops once enough is freed', () => {
    const candidates = ['a', 'b', 'c'].map((name) => candidate(name))
    expect(victims(candidates, 'critical', 0)).toEqual([])
    expect(victims(candidates, 'critical', 1)).toEqual(['a'])
    expect(victims(candidates, 'critical', 50 * MIB)).toEqual(['a'])
    expect(victims(candidates, 'critical', 50 * MIB + 1)).toEqual(['a', 'b'])
  })

  test.each<[UnloadTrigger, number]>([
    ['low', 0],
    ['medium', 2],
    ['high', 5],
    ['critical', 8],
    ['demand', 8],
  ])('at %s takes at most %i of eight', (trigger, most) => {
    const candidates = Array.from({ length: 8 }, (_, i) => candidate(`component-${i}`))
    expect(victims(candidates, trigger, 10_000 * MIB)).toHaveLength(most)
  })

  test.each<[UnloadTrigger, number]>([
    ['medium', 300_000],
    ['high', 60_000],
  ])('at %s asks for %i ms of idleness', (trigger, floor) => {
    expect(reasonFor({ idleTime: floor - 1 }, trigger)).toBe('min-idle')
    expect(reasonFor({ idleTime: floor }, trigger)).toBe('goes')
  })

  test.each<UnloadTrigger>(['critical', 'demand'])('at %s asks for no idleness', (trigger) => {
    expect(reasonFor({ idleTime: 0 }, trigger)).toBe('goes')
  })

  test('a component can have an idle floor of its own', () => {
    expect(reasonFor({ minIdleTime: 10_000_000 }, 'medium')).toBe('min-idle')
    expect(reasonFor({ minIdleTime: 0, idleTime: 0 }, 'medium')).toBe('goes')
  })

  test('says why each one stays', () => {
    expect(reasonFor({ loaded: false }, 'critical')).toBe('not-loaded')
    expect(reasonFor({ inUse: true }, 'critical')).toBe('in-use')
    expect(reasonFor({ pinned: true }, 'critical')).toBe('pinned')
    expect(reasonFor({}, 'low')).toBe('low-pressure')
    expect(reasonFor({ priority: 10 }, 'high')).toBe('protected')
    expect(reasonFor({ priority: 10 }, 'demand')).toBe('protected')
    expect(reasonFor({ priority: 10 }, 'critical')).toBe('goes')
    expect(reasonFor({ priority: 11 }, 'medium')).toBe('goes')
    expect(reasonFor({ residentTime: 59_999, minResidency: 60_000 }, 'high')).toBe('residency')
    expect(reasonFor({ residentTime: 60_000, minResidency: 60_000 }, 'high')).toBe('goes')
    expect(reasonFor({ residentTime: 0, minResidency: 60_000 }, 'critical')).toBe('goes')
    const unimportant = ['x', 'y'].map((name) => candidate(name, { priority: 99 }))
    expect(reasonFor({}, 'medium', unimportant)).toBe('cap')
    const huge = candidate('huge', { priority: 99, bytes: 2_000 * MIB })
    expect(reasonFor({}, 'medium', [huge])).toBe('enough')
    expect(reasonFor({ dependents: ['dependent'] }, 'critical', [candidate('dependent', { inUse: true })])).toBe(
      'has-dependents',
    )
    expect(reasonFor({ dependents: ['somebody nobody knows'] }, 'critical')).toBe('has-dependents')
  })

  test('a dependency goes after its dependents, in the same round', () => {
    const candidates = [
      candidate('base', { priority: 100, dependents: ['left', 'right'] }),
      candidate('left', { priority: 60 }),
      candidate('right', { priority: 40, dependents: ['top'] }),
      candidate('top', { priority: 20 }),
    ]
    expect(victims(candidates, 'critical', 1_000 * MIB)).toEqual(['left', 'top', 'right', 'base'])
    expect(victims(candidates, 'medium', 1_000 * MIB)).toEqual(['left', 'top'])
  })
})

describe('cost-aware', () => {
  const choose = (candidates: readonly UnloadCandidate[], need = 1, trigger: UnloadTrigger = 'demand') =>
    costAware(candidates, trigger, need).victims
  const steady = (gap: number) => gapsOf(...Array<number>(20).fill(gap))

  test('respects priority before cost', () => {
    const cheap = candidate('cheap', { priority: 40, reloadCost: 1, gaps: steady(60_000) })
    const costly = candidate('costly', { priority: 60, reloadCost: 9_000, gaps: steady(60_000) })
    expect(choose([cheap, costly])).toEqual(['costly'])
  })

  test('unloads what is cheap to load again, per byte', () => {
    const facts = { idleTime: 1_000, gaps: steady(60_000) }
    const cheap = candidate('cheap', { ...facts, reloadCost: 100 })
    const costly = candidate('costly', { ...facts, reloadCost: 4_000 })
    const large = candidate('large', { ...facts, reloadCost: 100, bytes: 200 * MIB })
    expect(choose([costly, cheap, large], 1_000 * MIB)).toEqual(['large', 'cheap', 'costly'])
  })

  test('keeps what is called often, and a timer that is due soon', () => {
    const often = candidate('often', { idleTime: 1_000, gaps: steady(2_000) })
    const seldom = candidate('seldom', { idleTime: 1_000, gaps: steady(200_000) })
    expect(choose([often, seldom])).toEqual(['seldom'])
    const due = candidate('due', { idleTime: 590_000, gaps: steady(600_000) })
    const justRun = candidate('just run', { idleTime: 1_000, gaps: steady(600_000) })
    expect(choose([due, justRun])).toEqual(['just run'])
  })

  test('unloads what has never been called before anything else', () => {
    const unused = candidate('unused', { reloadCost: 100_000 })
    const used = candidate('used', { gaps: steady(1_000_000) })
    expect(choose([used, unused])).toEqual(['unused'])
  })

  test('spares small ones that a larger one made unnecessary, but not the dependents of a victim', () => {
    const small = candidate('small', { reloadCost: 1, bytes: 10 * MIB, gaps: steady(60_000) })
    const large = candidate('large', { reloadCost: 5_000, bytes: 100 * MIB, gaps: steady(60_000) })
    expect(choose([small, large], 10 * MIB)).toEqual(['small'])
    expect(choose([small, large], 60 * MIB)).toEqual(['large'])
    expect(choose([small, large], 101 * MIB)).toEqual(['small', 'large'])
    expect(choose([small, { ...large, dependents: ['small'] }], 60 * MIB)).toEqual(['small', 'large'])
    // Not at the cost of somebody more important.
    expect(choose([{ ...small, priority: 90 }, large], 60 * MIB)).toEqual(['small', 'large'])
  })
})

describe('cost-aware at medium and high pressure, where nobody needs the room yet', () => {
  const hot = candidate('hot', { idleTime: 1_000, reloadCost: 100, gaps: gapsOf(...Array<number>(20).fill(2_000)) })
  const rare = candidate('rare', { idleTime: 900_000, reloadCost: 30_000, gaps: gapsOf(...Array(20).fill(1_000_000)) })
  const dead = candidate('dead', { idleTime: 9_000_000, reloadCost: 200, gaps: gapsOf(...Array(20).fill(5_000)) })
  const plan = (candidates: readonly UnloadCandidate[], trigger: UnloadTrigger) => {
    const { victims, kept } = planUnload(costAware, candidates, trigger, 1_000 * MIB)
    return { goes: victims.map(({ name }) => name), stays: Object.fromEntries(kept.map((k) => [k.name, k.reason])) }
  }

  test.each(['medium', 'high'] as const)(
    'at %s takes what is hardly worth its room, and nothing that is',
    (trigger) => {
      expect(plan([hot, rare, dead], trigger)).toEqual({ goes: ['dead'], stays: { hot: 'min-idle', rare: 'price' } })
    },
  )

  test('takes nothing that is worth more than what stays because it is not idle for long enough', () => {
    const cheap = { ...hot, name: 'cheap', reloadCost: 1e-6 }
    for (const trigger of ['medium', 'high'] as const) {
      expect(plan([rare, cheap], trigger)).toEqual({ goes: [], stays: { rare: 'price', cheap: 'min-idle' } })
    }
    // Importance goes before any price.
    expect(plan([rare, { ...cheap, priority: 20 }], 'high').goes).toEqual(['rare'])
  })

  test('of equals takes none at medium pressure, and all of them at high', () => {
    const alike = ['a', 'b', 'c'].map((name) => ({ ...rare, name }))
    expect(plan(alike, 'medium')).toEqual({ goes: [], stays: { a: 'price', b: 'price', c: 'price' } })
    expect(plan(alike, 'high').goes).toEqual(['a', 'b', 'c'])
  })

  test('has no price for what has never been called: the idle floor alone keeps it', () => {
    const unused = candidate('unused', { reloadCost: 100_000, idleTime: 299_999 })
    expect(plan([rare, unused], 'medium')).toEqual({ goes: [], stays: { rare: 'price', unused: 'min-idle' } })
    expect(plan([rare, { ...unused, idleTime: 300_000 }], 'medium').goes).toEqual(['unused'])
  })

  test('takes nothing more important in the place of what its price keeps', () => {
    expect(plan([{ ...rare, priority: 80 }, dead, hot], 'medium')).toEqual({
      goes: [],
      stays: { rare: 'price', dead: 'price', hot: 'min-idle' },
    })
  })

  test('keeps nothing by its price at critical pressure, or for who asks', () => {
    for (const trigger of ['critical', 'demand'] as const) {
      expect(plan([hot, rare, dead], trigger)).toEqual({ goes: ['dead', 'hot', 'rare'], stays: {} })
    }
  })
})

describe('minimum residency', () => {
  const resident = { residentTime: 1_000, minResidency: 60_000 }
  const names = (candidates: readonly UnloadCandidate[], need: number): readonly string[] =>
    planUnload(priorityIdle, candidates, 'demand', need).victims.map(({ name }) => name)

  test('keeps a component where another one of its kind can go instead, or nothing can', () => {
    const recent = candidate('recent', { ...resident, idleTime: 9_000_000 })
    expect(names([recent, candidate('settled')], 10 * MIB)).toEqual(['settled'])
    expect(names([recent], 10 * MIB)).toEqual([])
  })

  test('makes nothing more important go in its place', () => {
    const luxury = candidate('luxury', { ...resident, priority: 80 })
    const recent = candidate('recent', resident)
    const important = candidate('important', { priority: 20 })
    expect(names([important, recent, luxury], 10 * MIB)).toEqual(['luxury'])
    expect(names([important, recent, luxury], 100 * MIB)).toEqual(['luxury', 'recent'])
    expect(names([important, recent, luxury], 101 * MIB)).toEqual(['luxury', 'recent', 'important'])
    // Where that important one stays anyway, so do they.
    expect(names([{ ...important, inUse: true }, recent, luxury], 10 * MIB)).toEqual([])
  })
})

describe('a policy of the user', () => {
  const candidates = [
    candidate('idle'),
    candidate('busy', { inUse: true }),
    candidate('base', { dependents: ['idle'] }),
    candidate('important', { priority: 1 }),
  ]
  const planOf = (answer: unknown, trigger: UnloadTrigger = 'high') =>
    planUnload(() => answer as { victims: string[] }, candidates, trigger, 500 * MIB)

  test('decides, with its own reasons', () => {
    const plan = planOf({ victims: ['idle', 'base'], kept: [{ name: 'busy', reason: 'in-use' }] })
    expect(plan.victims.map(({ name }) => name)).toEqual(['idle', 'base'])
    expect(plan).toMatchObject({ freed: 100 * MIB, notes: [], trigger: 'high', need: 500 * MIB })
    expect(plan.kept).toEqual([
      { name: 'busy', reason: 'in-use' },
      { name: 'important', reason: 'protected' },
    ])
    expect(planOf({ victims: [] }).kept).toContainEqual({ name: 'idle', reason: 'not-chosen' })
  })

  test('is corrected, and told so', () => {
    const plan = planOf({ victims: ['base', 'busy', 'important', 'nobody', 'idle', 'idle'] })
    expect(plan.victims.map(({ name }) => name)).toEqual(['idle'])
    expect(plan.notes).toEqual([
      '"base" was not taken: "idle" depends on it and stays',
      '"busy" was not taken: it is in use',
      '"important" was not taken: it is protected by its priority',
      '"nobody" was not taken: it is no candidate',
      '"idle" was not taken: it was named before',
    ])
  })

  test('takes no more than is needed', () => {
    const plan = planUnload(() => ({ victims: ['idle', 'base'] }), candidates, 'high', 1)
    expect(plan.victims).toEqual([{ name: 'idle', bytes: 50 * MIB }])
    expect(plan.notes).toEqual(['"base" was not taken: those before it free enough'])
  })

  test.each([
    ['nothing', undefined],
    ['a list', ['idle']],
    ['numbers', { victims: [1] }],
    ['bad reasons', { victims: ['idle'], kept: [3] }],
  ])('is replaced by priority-idle when it returns %s', (_, answer) => {
    const plan = planOf(answer)
    expect(plan.victims.map(({ name }) => name)).toEqual(['idle', 'base'])
    expect(plan.notes).toEqual(["the policy did not return { victims: string[] }; 'priority-idle' was used"])
  })

  test('is replaced by priority-idle when it is asynchronous, and its rejection is harmless', async () => {
    const asynchronous = (): { victims: string[] } =>
      Promise.reject(new Error('too late')) as unknown as { victims: string[] } // What a user without types may pass.
    const plan = planUnload(asynchronous, candidates, 'high', 1)
    await new Promise(setImmediate) // An unhandled rejection would fail the run here.
    expect(plan.victims.map(({ name }) => name)).toEqual(['idle'])
    expect(plan.notes).toHaveLength(1)
  })

  test('is replaced by priority-idle when it throws', () => {
    const plan = planUnload(
      () => {
        throw new RangeError('no idea')
      },
      candidates,
      'high',
      1,
    )
    expect(plan.victims.map(({ name }) => name)).toEqual(['idle'])
    expect(plan.notes).toEqual(["the policy threw RangeError: no idea; 'priority-idle' was used"])
  })
})
