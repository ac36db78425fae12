import type { FamilyLimits } from '../../contract/family-limits.ts'
import type { ComponentGrowth } from '../decide/schedule.ts'

export interface FamilyMember {
  readonly family: FamilyLimits
  /** Of the family, bytes. */
  readonly maxMemory: number
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
  const sums = new Map<FamilyLimits, { readonly left: number; readonly growth: number }>()
  for (const { family, maxMemory, held, growth } of members) {
    const sum = sums.get(family) ?? { left: maxMemory, growth: 0 }
    sums.set(family, { left: sum.left - held, growth: sum.growth + growth })
  }
  return [...sums.values()]
    .filter(({ growth }) => growth > 0)
    .map(({ left, growth }) => ({ total: 0, memoryLimit: Math.max(1, left), growth }))
}
