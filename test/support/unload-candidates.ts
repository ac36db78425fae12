import * as fc from 'fast-check'
import { RecordedGaps } from '../../src/memory/decide/call-gaps.ts'
import type { UnloadCandidate, UnloadTrigger } from '../../src/contract/unload-policy.ts'

export const MIB = 1024 ** 2

/** Loaded, idle for an hour, in nobody's way. */
export const candidate = (name: string, facts: Partial<UnloadCandidate> = {}): UnloadCandidate => ({
  name,
  loaded: true,
  inUse: false,
  pinned: false,
  priority: 50,
  bytes: 50 * MIB,
  idleTime: 3_600_000,
  minIdleTime: 300_000,
  residentTime: 3_600_000,
  minResidency: 0,
  dependents: [],
  reloadCost: 500,
  ...facts,
})

export const gapsOf = (...gaps: readonly number[]): RecordedGaps => {
  const known = new RecordedGaps()
  for (const gap of gaps) known.record(gap)
  return known
}

export const triggers: fc.Arbitrary<UnloadTrigger> = fc.constantFrom('low', 'medium', 'high', 'critical', 'demand')
export const needs = fc.integer({ min: 0, max: 1_000 }).map((mib) => mib * MIB)

const facts = fc.record({
  notLoaded: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  inUse: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
  pinned: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  priority: fc.constantFrom(0, 5, 10, 11, 50, 50, 50, 80, 100),
  bytes: fc.integer({ min: 0, max: 200 }).map((mib) => mib * MIB),
  idleTime: fc.constantFrom(0, 30_000, 60_000, 100_000, 300_000, 900_000),
  minIdleTime: fc.constantFrom(0, 60_000, 300_000),
  residentTime: fc.constantFrom(0, 60_000, 900_000),
  minResidency: fc.constantFrom(0, 0, 60_000, 900_000),
  reloadCost: fc.integer({ min: 0, max: 5_000 }),
  gaps: fc.option(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 6 }), { nil: undefined }),
  /** Which of those before it, by position from the end, depend on it. */
  dependents: fc.array(fc.nat({ max: 5 }), { maxLength: 2 }),
})

/** Up to 12 components; one may be depended on by those before it, so there are no cycles. In random order. */
export const candidateSets: fc.Arbitrary<UnloadCandidate[]> = fc
  .array(facts, { maxLength: 12 })
  .map((drawn) => {
    const loaded = drawn.map(({ notLoaded }) => !notLoaded)
    return drawn.map(({ notLoaded, gaps, dependents, ...rest }, index) => ({
      ...candidate(`component-${index}`),
      ...rest,
      loaded: !notLoaded,
      gaps: gaps === undefined ? undefined : gapsOf(...gaps),
      dependents: [...new Set(dependents.map((back) => index - 1 - back))]
        .filter((at) => loaded[at] === true)
        .map((at) => `component-${at}`),
    }))
  })
  .chain((candidates) => fc.shuffledSubarray(candidates, { minLength: candidates.length }))
