import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideAdmission, type AdmissionDecision, type Room } from '../../../../src/memory/decide/admission.ts'
import { COLLECT_TIME } from '../../../../src/memory/tuning.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import type { UnloadCandidate } from '../../../../src/contract/unload-policy.ts'
import { candidate, candidateSets, MIB } from '../../../support/unload-candidates.ts'

interface Facts extends Omit<Room, 'workGrowth'> {
  readonly need: number
  readonly mayNeed: number
  /** Bytes by which usage grows while it loads. */
  readonly growth: number
  readonly waited: number
  readonly timeout: number
}

const factsOf = (facts: Partial<Facts>): Facts => {
  const need = facts.need ?? 100
  return {
    need,
    mayNeed: need,
    usage: 0,
    growth: 0,
    possible: 0,
    leaving: 0,
    limit: 1_000,
    highThreshold: 0.85,
    criticalThreshold: 0.95,
    candidates: [],
    policy: priorityIdle,
    waited: 0,
    timeout: 30_000,
    ...facts,
  }
}

/** What takes a second to load asks. */
function decideOf({ need, mayNeed, growth, waited, timeout, ...room }: Facts): AdmissionDecision {
  const load = { kind: 'load', id: 1, name: 'x', need, mayNeed, loadTime: 1_000, since: 5_000, timeout } as const
  return decideAdmission(load, 5_000 + waited, { ...room, workGrowth: growth / 1_000 })
}
const idle = (name: string, bytes: number, facts: Partial<UnloadCandidate> = {}) => candidate(name, { bytes, ...facts })
const decide = (facts: Partial<Facts>) => decideOf(factsOf(facts))
const victimsOf = (facts: Partial<Facts>): readonly string[] | string => {
  const decision = decide(facts)
  return decision.kind === 'unload' ? decision.plan.victims.map(({ name }) => name) : decision.kind
}

describe('a load', () => {
  test('is admitted up to the high threshold', () => {
    expect(decide({ usage: 750 })).toEqual({ kind: 'admit' })
    expect(decide({ usage: 751, candidates: [idle('a', 50)] }).kind).toBe('unload')
  })

  test('has idle components unloaded first, no more than it takes', () => {
    const candidates = [idle('old', 60, { idleTime: 9_000 }), idle('new', 60, { idleTime: 5 })]
    expect(victimsOf({ usage: 800, candidates })).toEqual(['old'])
    expect(victimsOf({ usage: 850, candidates })).toEqual(['old', 'new'])
  })

  test('is admitted above the high threshold when there is nothing to unload and it fits', () => {
    expect(victimsOf({ usage: 900 })).toBe('admit')
    expect(victimsOf({ usage: 901 })).toBe('wait')
    expect(victimsOf({ usage: 900, candidates: [idle('busy', 500, { inUse: true })] })).toBe('admit')
  })

  test('unloads nothing when that would not make it fit', () => {
    expect(victimsOf({ usage: 1_000, candidates: [idle('small', 99)] })).toBe('wait')
    expect(victimsOf({ usage: 1_000, candidates: [idle('enough', 100)] })).toEqual(['enough'])
  })

  test('does not push out what is important, whatever it needs', () => {
    expect(victimsOf({ usage: 1_000, candidates: [idle('important', 500, { priority: 10 })] })).toBe('wait')
  })

  test('waits for what is on its way out instead of unloading more', () => {
    const candidates = [idle('another', 100)]
    expect(victimsOf({ usage: 900, leaving: 150, candidates })).toBe('wait')
    expect(victimsOf({ usage: 900, leaving: 50, candidates })).toEqual(['another'])
  })

  test('is refused when its time is up', () => {
    expect(decide({ usage: 980, waited: 29_999 })).toEqual({ kind: 'wait', ms: 1 })
    expect(decide({ usage: 980, waited: 30_000 })).toEqual({ kind: 'refuse' })
  })

  test('whose time is up still has what is idle unloaded, and waits for what is leaving, but not for ever', () => {
    const late = { usage: 950, waited: 30_000 }
    expect(victimsOf({ ...late, candidates: [idle('a', 100)] })).toEqual(['a'])
    expect(decide({ ...late, leaving: 100 })).toEqual({ kind: 'wait', ms: COLLECT_TIME })
    expect(decide({ ...late, leaving: 40 })).toEqual({ kind: 'refuse' })
    expect(decide({ ...late, waited: 30_000 + COLLECT_TIME, leaving: 100 })).toEqual({ kind: 'refuse' })
  })

  test('counts on what will have grown by then', () => {
    expect(decide({ usage: 700, growth: 50 })).toEqual({ kind: 'admit' })
    expect(decide({ usage: 700, growth: 51, candidates: [idle('a', 50)] }).kind).toBe('unload')
    expect(decide({ usage: 700, growth: 300, waited: 30_000 })).toEqual({ kind: 'refuse' })
  })

  test('of more than the limit is refused at once', () => {
    expect(decide({ need: 1_000, usage: 0 }).kind).toBe('admit')
    expect(decide({ need: 1_001, usage: 0 }).kind).toBe('refuse')
  })

  test('of exactly the limit, and one byte over the high threshold of nothing, is still admitted', () => {
    expect(decide({ need: 851, usage: 0 })).toEqual({ kind: 'admit' })
  })
})

describe('a load of unknown size', () => {
  const guess = { need: 16, mayNeed: 300 }

  test('makes room for all that it may need, as far as it can, and is not refused for a guess', () => {
    const candidates = [idle('a', 100, { idleTime: 9_000 }), idle('b', 100, { idleTime: 5 })]
    expect(victimsOf({ ...guess, usage: 600, candidates })).toBe('admit')
    expect(victimsOf({ ...guess, usage: 750, candidates })).toEqual(['a'])
    expect(victimsOf({ ...guess, usage: 850, candidates })).toEqual(['a', 'b'])
    expect(victimsOf({ ...guess, usage: 830 })).toBe('admit')
  })

  test('waits for a while where others of unknown size are loading, little is left, or what is loaded grows fast', () => {
    for (const risk of [{ usage: 600, possible: 200 }, { usage: 840 }, { usage: 800, growth: 20 }]) {
      expect(decide({ ...guess, ...risk })).toEqual({ kind: 'wait', ms: 15_000 })
      expect(victimsOf({ ...guess, ...risk, possible: 0, waited: 15_000 })).toBe('admit')
    }
  })

  test('comes in alone when it has waited long enough, and is refused in the end rather than let in with others', () => {
    expect(victimsOf({ ...guess, usage: 800, possible: 100, waited: 15_000 })).toBe('wait')
    expect(victimsOf({ ...guess, usage: 800, possible: 100, waited: 30_000 })).toBe('refuse')
    expect(victimsOf({ ...guess, usage: 800, waited: 30_000 })).toBe('admit')
  })
})

describe('minimum residency', () => {
  const recent = { residentTime: 1_000, minResidency: 60_000 }

  test('two components that do not fit side by side take turns slowly', () => {
    const facts = { need: 600, usage: 600, candidates: [idle('other', 600, recent)] }
    expect(decide(facts)).toMatchObject({ kind: 'wait', ms: 15_000 })
    expect(decide({ ...facts, waited: 10_000 })).toMatchObject({ kind: 'wait', ms: 5_000 })
    expect(victimsOf({ ...facts, waited: 15_000 })).toEqual(['other'])
    expect(decide({ ...facts, timeout: 10_000 })).toMatchObject({ kind: 'wait', ms: 5_000 })
    expect(victimsOf({ ...facts, timeout: 10_000, waited: 5_000 })).toEqual(['other'])
  })

  test('the wait ends with the residency', () => {
    const candidates = [idle('other', 600, { residentTime: 58_000, minResidency: 60_000 })]
    expect(decide({ need: 600, usage: 600, candidates })).toMatchObject({ kind: 'wait', ms: 2_000 })
  })

  test('does not hold up a load that replaces a small part of what is loaded', () => {
    const candidates = Array.from({ length: 8 }, (_, i) =>
      idle(`component-${i}`, 100, { ...recent, idleTime: 100 - i }),
    )
    expect(victimsOf({ need: 100, usage: 800, candidates })).toEqual(['component-0'])
  })

  test('does not hold where the load would lead into critical pressure, which knows none', () => {
    const candidates = [idle('other', 550, recent)]
    expect(victimsOf({ need: 350, usage: 600, candidates })).toBe('admit')
    expect(victimsOf({ need: 360, usage: 600, candidates })).toEqual(['other'])
    expect(victimsOf({ need: 410, usage: 600, candidates })).toBe('wait')
  })

  test('of some makes others go instead when most would be replaced', () => {
    const candidates = [idle('recent', 600, { ...recent, idleTime: 9_000 }), idle('settled', 250, { idleTime: 5 })]
    expect(victimsOf({ need: 350, usage: 850, candidates })).toEqual(['settled'])
  })
})

describe('whatever is asked', () => {
  const facts = fc.record({
    need: fc.integer({ min: 0, max: 1_200 }).map((mib) => mib * MIB),
    other: fc.integer({ min: 0, max: 500 }).map((mib) => mib * MIB),
    leaving: fc.integer({ min: 0, max: 200 }).map((mib) => mib * MIB),
    waited: fc.constantFrom(0, 1_000, 15_000, 29_999, 30_000, 40_000),
  })
  const limit = 1_000 * MIB
  const asked = fc.tuple(candidateSets, facts).map(([candidates, { need, other, leaving, waited }]) => {
    const held = candidates.reduce((sum, { loaded, bytes }) => sum + (loaded ? bytes : 0), 0)
    return factsOf({ need, usage: held + other + leaving, leaving, limit, waited, candidates })
  })
  /** What is wrong with the answer. */
  const complaint = (facts: Facts, decision: AdmissionDecision): string | undefined => {
    const wanted = facts.usage + facts.growth + facts.need
    switch (decision.kind) {
      case 'admit':
        return wanted > limit ? 'admitted what does not fit' : undefined
      case 'unload': {
        const { victims, freed } = decision.plan
        const taken = facts.candidates.filter(({ name }) => victims.some((victim) => victim.name === name))
        if (victims.length === 0) return 'unloads nothing'
        if (wanted - facts.leaving - freed > limit) return 'unloads although that does not make it fit'
        return taken.some(({ inUse, pinned, loaded }) => inUse || pinned || !loaded)
          ? 'took what may not go'
          : undefined
      }
      case 'wait':
        // What is on its way out for it may still come to something.
        if (facts.waited >= facts.timeout + (facts.leaving > 0 ? COLLECT_TIME : 0)) return 'waits beyond the timeout'
        return decision.ms >= 1 ? undefined : 'would ask again at once, for ever'
      case 'refuse':
        return facts.need > limit || facts.waited >= facts.timeout ? undefined : 'refused too soon'
    }
  }

  test('what is admitted fits, nothing in use is taken, no wait is endless, no refusal early', () => {
    fc.assert(
      fc.property(asked, (facts) => {
        expect(complaint(facts, decideOf(facts))).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })
})
