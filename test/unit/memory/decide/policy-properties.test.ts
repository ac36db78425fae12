import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { policyNames, policyOf } from '../../../../src/memory/decide/policy-registry.ts'
import { planUnload } from '../../../../src/memory/decide/plan.ts'
import type { UnloadCandidate } from '../../../../src/contract/unload-policy.ts'
import { worthOf } from '../../../../src/memory/decide/price.ts'
import { candidateSets, needs, triggers } from '../../../support/unload-candidates.ts'

const runs = { numRuns: 1_000 }
const byName = (candidates: readonly UnloadCandidate[]): ReadonlyMap<string, UnloadCandidate> =>
  new Map(candidates.map((candidate) => [candidate.name, candidate]))

describe.each(policyNames)('%s', (name) => {
  const policy = policyOf(name)

  test('never chooses what is in use, pinned, not loaded, or protected below critical', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const known = byName(candidates)
        for (const victim of policy(candidates, trigger, need).victims) {
          const facts = known.get(victim)
          expect(facts).toMatchObject({ inUse: false, pinned: false, loaded: true })
          expect(facts?.priority).toBeGreaterThan(trigger === 'critical' ? -1 : 10)
        }
      }),
      runs,
    )
  })

  test('never lets a dependency go before its loaded dependents', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const known = byName(candidates)
        const gone = new Set<string>()
        for (const victim of policy(candidates, trigger, need).victims) {
          for (const dependent of known.get(victim)?.dependents ?? []) expect(gone).toContain(dependent)
          gone.add(victim)
        }
      }),
      runs,
    )
  })

  test('never frees more than one victim beyond what is needed', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const known = byName(candidates)
        const { victims } = policy(candidates, trigger, need)
        const withoutLast = victims.slice(0, -1).reduce((sum, victim) => sum + (known.get(victim)?.bytes ?? 0), 0)
        expect(victims.length === 0 || withoutLast < need).toBe(true)
      }),
      runs,
    )
  })

  test('keeps to the number of victims of a round: none at low, 2 at medium, 5 at high', () => {
    fc.assert(
      fc.property(candidateSets, needs, (candidates, need) => {
        expect(policy(candidates, 'low', need).victims).toHaveLength(0)
        expect(policy(candidates, 'medium', need).victims.length).toBeLessThanOrEqual(2)
        expect(policy(candidates, 'high', need).victims.length).toBeLessThanOrEqual(5)
      }),
      runs,
    )
  })

  test('gives the same plan for the same candidates, in whatever order they come', () => {
    fc.assert(
      fc.property(
        candidateSets.chain((candidates) =>
          fc.tuple(fc.constant(candidates), fc.shuffledSubarray(candidates, { minLength: candidates.length })),
        ),
        triggers,
        needs,
        ([candidates, shuffled], trigger, need) => {
          const plan = policy(candidates, trigger, need)
          expect(policy(candidates, trigger, need)).toEqual(plan)
          expect(policy(shuffled, trigger, need).victims).toEqual(plan.victims)
        },
      ),
      runs,
    )
  })

  test('accounts for every candidate once, and the guard has nothing to object to', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const plan = planUnload(policy, candidates, trigger, need)
        expect(plan.notes).toEqual([])
        const settled = candidates.map((facts) => ({ ...facts, minResidency: 0 }))
        const settledVictims = planUnload(policy, settled, trigger, need).victims.map(({ name }) => name)
        expect(settledVictims).toEqual(policy(settled, trigger, need).victims)
        const named = [...plan.victims, ...plan.kept].map(({ name }) => name)
        expect(named.toSorted()).toEqual(candidates.map(({ name }) => name).toSorted())
        expect(plan.kept.map(({ reason }) => reason)).not.toContain('not-chosen')
        expect(plan.freed).toBe(plan.victims.reduce((sum, { bytes }) => sum + bytes, 0))
      }),
      runs,
    )
  })

  test('takes nothing more important than what stays for its minimum residency', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const known = byName(candidates)
        const { victims, kept } = planUnload(policy, candidates, trigger, need)
        const priorities = victims.map((victim) => known.get(victim.name)?.priority ?? 0)
        for (const { name: stays, reason } of kept) {
          if (reason !== 'residency') continue
          expect(Math.min(Number.POSITIVE_INFINITY, ...priorities)).toBeGreaterThanOrEqual(
            known.get(stays)?.priority ?? 0,
          )
        }
      }),
      runs,
    )
  })

  test('stops short of the need only when nothing more may go, or the round is full', () => {
    fc.assert(
      fc.property(candidateSets, triggers, needs, (candidates, trigger, need) => {
        const plan = planUnload(policy, candidates, trigger, need)
        const reasons = new Set(plan.kept.map(({ reason }) => reason))
        expect(reasons).not.toContain(plan.freed < need ? 'enough' : 'cap')
        const full = { low: 0, medium: 2, high: 5, critical: undefined, demand: undefined }[trigger]
        expect(!reasons.has('cap') || plan.victims.length === full).toBe(true)
      }),
      runs,
    )
  })
})

test('cost-aware takes nothing at medium and high that is worth more than what stays beside it for its idle floor or its price', () => {
  fc.assert(
    fc.property(candidateSets, fc.constantFrom('medium', 'high'), needs, (candidates, trigger, need) => {
      const known = byName(candidates)
      const { victims, kept } = planUnload(policyOf('cost-aware'), candidates, trigger, need)
      for (const victim of victims.map(({ name }) => known.get(name))) {
        for (const { name, reason } of kept) {
          const stays = known.get(name)
          if (!victim || stays?.priority !== victim.priority || !['min-idle', 'price'].includes(reason)) continue
          expect(worthOf(victim)).toBeLessThanOrEqual(worthOf(stays))
        }
      }
    }),
    runs,
  )
})

test('a policy that answers nonsense is kept from doing harm', () => {
  const names = fc.constantFrom(...Array.from({ length: 14 }, (_, i) => `component-${i}`), 'nobody')
  fc.assert(
    fc.property(candidateSets, triggers, needs, fc.array(names), (candidates, trigger, need, victims) => {
      const known = byName(candidates)
      const plan = planUnload(() => ({ victims }), candidates, trigger, need)
      const gone = new Set<string>()
      for (const { name } of plan.victims) {
        expect(known.get(name)).toMatchObject({ inUse: false, pinned: false, loaded: true })
        for (const dependent of known.get(name)?.dependents ?? []) expect(gone).toContain(dependent)
        expect(gone).not.toContain(name)
        gone.add(name)
      }
      expect(plan.victims.length + plan.kept.length).toBe(candidates.length)
      expect(plan.victims.length + plan.notes.length).toBe(victims.length)
    }),
    runs,
  )
})
