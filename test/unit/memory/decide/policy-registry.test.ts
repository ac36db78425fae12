import { expect, test } from 'vitest'
import { costAware } from '../../../../src/memory/decide/policy-cost-aware.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import { policyNames, policyOf } from '../../../../src/memory/decide/policy-registry.ts'

test("a policy is known by its name, and one of the user's own is itself", () => {
  expect(policyNames.map(policyOf)).toEqual([priorityIdle, costAware])
  const own = () => ({ victims: [] })
  expect(policyOf(own)).toBe(own)
})
