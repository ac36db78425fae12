import { messageOf } from '../contract/describe-value.ts'
import { CallTimeoutError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'
import { clone, readableDepth } from './clone-guard.ts'

/** What the component's `callSignal()` is aborted with: the reason itself when it can be cloned, and read over there. */
export function abortReason(error: unknown): unknown {
  if (isInstance(error, CallTimeoutError)) return new DOMException(error.message, 'TimeoutError')
  try {
    return clone(error, readableDepth)
  } catch {
    return new DOMException(messageOf(error), 'AbortError')
  }
}
