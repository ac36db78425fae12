import type { UnloadPolicy } from './policy.ts'
import { priorityIdle } from './policy-priority-idle.ts'
export const costAware: UnloadPolicy = priorityIdle
