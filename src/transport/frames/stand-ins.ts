import { isBoxedPrimitive, isDate, isMap, isNativeError, isRegExp, isSet } from 'node:util/types'
import { isAnyArrayBuffer } from 'node:util/types'
import { MessagePort } from 'node:worker_threads'

export interface WithStandIns {
  readonly frame: unknown
  readonly exceptions: ReadonlyMap<object, DOMException>
}

/**
 * A copy of a frame with an empty view in place of each DOMException: of the objects of JavaScript, V8 lets the serializer write only views by itself, and
 * of a DOMException it would write nothing but the stack.
 */
export function withStandIns(frame: unknown): WithStandIns {
  const exceptions = new Map<object, DOMException>()
  const copies = new Map<object, object>()
  const put = <T extends object>(value: object, copied: T): T => {
    copies.set(value, copied)
    return copied
  }
  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = copies.get(value)
    if (known) return known
    if (value instanceof DOMException) {
      const standIn = put(value, new Uint8Array())
      exceptions.set(standIn, value)
      return standIn
    }
    if (isMap(value)) {
      const copied = put(value, new Map())
      for (const [key, item] of value) copied.set(copy(key), copy(item))
      return copied
    }
    if (isSet(value)) {
      const copied = put(value, new Set())
      for (const item of value) copied.add(copy(item))
      return copied
    }
    // oxlint-disable-next-line typescript/no-deprecated -- Error.isError is not in the library that the sources are compiled for
    if (isNativeError(value)) return copyError(value)
    if (isWhole(value)) return value
    const copied = put(value, Array.isArray(value) ? Array.from({ length: value.length }) : {})
    for (const key of Object.keys(value)) {
      const item = copy((value as Record<string, unknown>)[key])
      Object.defineProperty(copied, key, { value: item, enumerable: true, writable: true, configurable: true })
    }
    return copied
  }
  const copyError = (error: Error): unknown => {
    if (!('cause' in error)) return error
    const copied = put(error, new Error(error.message))
    copied.name = error.name
    copied.stack = error.stack ?? ''
    copied.cause = copy(error.cause)
    return copied
  }
  return { frame: copy(frame), exceptions }
}

/** What is more than its properties. */
function isWhole(value: object): boolean {
  if (Array.isArray(value)) return false
  return (
    ArrayBuffer.isView(value) ||
    isAnyArrayBuffer(value) ||
    isDate(value) ||
    isRegExp(value) ||
    isBoxedPrimitive(value) ||
    value instanceof MessagePort ||
    Object.prototype.toString.call(value) !== '[object Object]'
  )
}
