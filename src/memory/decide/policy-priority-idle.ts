import type { UnloadPolicy } from '../../contract/unload-policy.ts'
import { choiceOf, selectInOrder } from './policy-selection.ts'
import { bytesOf } from './price.ts'

/** The largest priority number first, then the longest idle, the larger first among equals. */
export const priorityIdle: UnloadPolicy = (candidates, trigger, need) =>
  choiceOf(
    selectInOrder(
      candidates,
      trigger,
      need,
      (a, b) => b.priority - a.priority || b.idleTime - a.idleTime || bytesOf(b) - bytesOf(a),
    ),
  )
