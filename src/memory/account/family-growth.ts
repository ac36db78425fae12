import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { ComponentGrowth } from '../decide/schedule.ts'

export interface FamilyMember {
  readonly family: FamilyLimits | undefined
  /** Bytes. */
  readonly held: number
  /** bytes/ms; 0 for one that does nothing. */
  readonly growth: number
}

/**
 * How soon families pass their limits, for the choice of when to sample next: each as one that holds nothing and may have what is left. A family that is nearly
 * full is as it should be; what counts is how fast the rest is filled.
 */
export function familyGrowths(members: Iterable<FamilyMember>): ComponentGrowth[] {
  const sums = new Map<FamilyLimits, { held: number; growth: number }>()
  for (const { family, held, growth } of members) {
    if (family?.maxMemory === undefined) continue
    const sum = sums.get(family) ?? { held: 0, growth: 0 }
    sums.set(family, { held: sum.held + held, growth: sum.growth + growth })
  }
  return [...sums]
    .filter(([, { growth }]) => growth > 0)
    .map(([{ maxMemory = 0 }, { held, growth }]) => ({ total: 0, memoryLimit: Math.max(1, maxMemory - held), growth }))
}
