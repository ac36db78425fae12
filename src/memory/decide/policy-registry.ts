import type { PolicyName, PolicyOption, UnloadPolicy } from '../../contract/unload-policy.ts'
import { costAware } from './policy-cost-aware.ts'
import { priorityIdle } from './policy-priority-idle.ts'

const policies = {
  'priority-idle': priorityIdle,
  'cost-aware': costAware,
} as const satisfies Record<PolicyName, UnloadPolicy>

export const policyNames = Object.keys(policies) as readonly PolicyName[]

export const policyOf = (option: PolicyOption): UnloadPolicy =>
  typeof option === 'function' ? option : policies[option]
