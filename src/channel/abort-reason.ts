import { messageOf } from '../contract/describe-value.ts'
import { CallTimeoutError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'
import { isObject, read } from './cloneable-part.ts'
import { clone, readableDepth } from './clone-guard.ts'
import { decodeError, encodeError, isErrorLike } from './error-codec.ts'
import { flatError } from './flat-error.ts'
import type { EncodedError } from './protocol.ts'

/**
 * What the component's `callSignal()` is aborted with, as it travels: the reason itself when it can be cloned, and read over there; an error as one that
 * is thrown, with what of it is small plain data.
 *
 * @param component that it goes to, for what is said of what cannot travel.
 */
export function abortReason(reason: unknown, component: string): EncodedError {
  if (isInstance(reason, CallTimeoutError))
    return encodeError(new DOMException(reason.message, 'TimeoutError'), component)
  if (isErrorLike(reason)) return flat(encodeError(reason, component))
  try {
    return { kind: 'value', value: clone(reason, readableDepth) }
  } catch {
    return encodeError(new DOMException(messageOf(reason), 'AbortError'), component)
  }
}

/** The reason that came in that form; what has another one is taken as it is. */
export function readAbortReason(form: unknown): unknown {
  try {
    return decodeError(form as EncodedError)
  } catch {
    return form
  }
}

/** As a deadline that has passed is told of: ours, and that of `AbortSignal.timeout()`. */
export const isDeadline = (reason: unknown): boolean => isObject(reason) && read(reason, 'name') === 'TimeoutError'

function flat(error: EncodedError): EncodedError {
  return flatError(error) ?? error
}
