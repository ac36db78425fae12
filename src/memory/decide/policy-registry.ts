import type { UnloadPolicy } from './policy.ts'
import { costAware } from './policy-cost-aware.ts'
import { priorityIdle } from './policy-priority-idle.ts'

const policies = {
  'priority-idle': priorityIdle,
  'cost-aware': costAware,
} as const satisfies Record<string, UnloadPolicy>

export type PolicyName = keyof typeof policies
/** A policy by name, or a function of the user's own. */
export type PolicyOption = PolicyName | UnloadPolicy

export const policyNames = Object.keys(policies) as readonly PolicyName[]

export const policyOf = (option: PolicyOption): UnloadPolicy =>
  typeof option === 'function' ? option : policies[option]
