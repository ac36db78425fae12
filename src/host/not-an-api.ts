import { types } from 'node:util'
import { describeValue } from '../contract/describe-value.ts'
import { isInstance } from '../contract/is-instance.ts'

/** Of these there is no component, whatever methods a class of them has. */
const data: readonly ((value: unknown) => boolean)[] = [
  (value) => ArrayBuffer.isView(value),
  types.isAnyArrayBuffer,
  types.isBoxedPrimitive,
  types.isDate,
  (value) => isInstance(value, Error),
  types.isRegExp,
]
/** Of these there may be one, if it is a class that adds something. */
const collections: readonly ((value: unknown) => boolean)[] = [
  Array.isArray,
  types.isMap,
  types.isSet,
  types.isWeakMap,
  types.isWeakSet,
]

/** What is given in place of an API; undefined where it may be one. What is built in has methods as well, which nobody means to offer. */
export function notAnApi(value: unknown): string | undefined {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value === 'function' ? undefined : typeof value
  const isData = data.some((is) => is(value)) || (collections.some((is) => is(value)) && isBuiltIn(value))
  return isData ? describeValue(value) : undefined
}

/** No class of somebody's, in whichever realm. */
function isBuiltIn(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  const maker: unknown = typeof prototype === 'object' && prototype !== null && Reflect.get(prototype, 'constructor')
  return typeof maker !== 'function' || /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker))
}
