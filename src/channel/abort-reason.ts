import { messageOf } from '../describe-value.ts'
import { CallTimeoutError } from '../errors.ts'
import { clone } from './clone-guard.ts'

/** What the component's `callSignal()` is aborted with: the reason itself when it can be cloned. */
export function abortReason(error: unknown): unknown {
  if (error instanceof CallTimeoutError) return new DOMException(error.message, 'TimeoutError')
  try {
    return clone(error)
  } catch {
    return new DOMException(messageOf(error), 'AbortError')
  }
}
