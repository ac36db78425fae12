import { describeValue, messageOf } from '../contract/describe-value.ts'
import { ValueError } from '../contract/errors.ts'
import { clone } from './clone-guard.ts'
import { culpritIn } from './culprit.ts'
import { isReference, takeApart } from './references.ts'
import { methodName } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import { isSmall } from './plain-copy.ts'
import { transferListOf } from './transfer-list.ts'

/** What a call rejects with when its arguments cannot be sent; names the first that is to blame. */
export function uncloneableArguments(
  component: string,
  method: MethodPath,
  args: readonly unknown[],
  cause: unknown,
): ValueError {
  const index = args.findIndex((arg) => !isCloneable(arg))
  return index < 0
    ? unsent(component, `arguments of ${methodName(method)}()`, cause)
    : uncloneable(component, `argument ${index + 1} of ${methodName(method)}()`, args[index], cause)
}

/** What a caller gets when the result cannot be sent. */
export function uncloneableResult(component: string, method: MethodPath, value: unknown, cause: unknown): ValueError {
  return uncloneable(component, `result of ${methodName(method)}()`, value, cause)
}

function uncloneable(component: string, what: string, value: unknown, cause: unknown): ValueError {
  // What a thread can have may still be more than another process can.
  if (isCloneable(value)) return unsent(component, what, cause)
  const culprit = culpritIn(value, isCloneable)
  const inside = culprit ? ` with ${describeValue(culprit.value)} at ${culprit.path}` : ''
  const why = `is ${describeValue(value)}${inside}, which cannot be cloned and was not marked with transfer() or proxy()`
  return new ValueError(component, what, `${why}: ${messageOf(cause)}`, { cause })
}

function unsent(component: string, what: string, cause: unknown): ValueError {
  return new ValueError(component, what, `cannot be sent: ${messageOf(cause)}`, { cause })
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** True as well for what moves, or is passed by reference. */
export function isCloneable(value: unknown): boolean {
  try {
    if (isObject(value) && isReference(value)) return true
    // What moves cannot be tried without moving it.
    if (!isSmall(value) && transferListOf(value).length === 0) clone(takeApart(value, () => null).rest)
    return true
  } catch {
    return false
  }
}
