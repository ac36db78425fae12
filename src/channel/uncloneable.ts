import { InvalidOptionsError } from '../errors.ts'
import { isProxyMarked } from './marshal.ts'
import { methodName } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import { notPlain, snapshot } from './snapshot.ts'
import { transferListOf } from './transfer-list.ts'

/** What a call rejects with when its arguments cannot be sent; names the first that is to blame. */
export function uncloneableArguments(
  method: MethodPath,
  args: readonly unknown[],
  cause: unknown,
): InvalidOptionsError {
  const index = args.findIndex((arg) => !isCloneable(arg))
  return index < 0
    ? uncloneable(`arguments of ${methodName(method)}()`, args, cause)
    : uncloneable(`argument ${index + 1} of ${methodName(method)}()`, args[index], cause)
}

/** What a caller gets when the result cannot be sent. */
export function uncloneableResult(method: MethodPath, value: unknown, cause: unknown): InvalidOptionsError {
  return uncloneable(`result of ${methodName(method)}()`, value, cause)
}

function uncloneable(what: string, value: unknown, cause: unknown): InvalidOptionsError {
  return new InvalidOptionsError(
    what,
    `something that can be cloned or was marked with transfer() or proxy() (${cause instanceof Error ? cause.message : String(cause)})`,
    value,
    { cause },
  )
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function isCloneable(value: unknown): boolean {
  // What moves cannot be tried without moving it.
  if (isObject(value) && transferListOf(value)) return true
  try {
    if (isObject(value) && isProxyMarked(value)) return true
    if (snapshot(value) === notPlain) structuredClone(value)
    return true
  } catch {
    return false
  }
}
