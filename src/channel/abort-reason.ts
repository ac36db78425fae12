import { CallTimeoutError } from '../errors.ts'

/** What the component's `callSignal()` is aborted with: the reason itself when it can be cloned. */
export function abortReason(error: unknown): unknown {
  if (error instanceof CallTimeoutError) return new DOMException(error.message, 'TimeoutError')
  try {
    return structuredClone(error)
  } catch {
    return new DOMException(String(error), 'AbortError')
  }
}
