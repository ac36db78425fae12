import { isProxyMarked } from './references.ts'

/**
 * Copies small plain data by hand. Entries wait until the end of the microtask before they are posted together, and what the
 * sender changes meanwhile must not travel; for small arguments this copy is an order of magnitude cheaper than structuredClone. Anything
 * larger or less plain is not copied here but posted at once.
 */

/** Marks what has to be posted at once. */
export const notPlain: unique symbol = Symbol('not plain')

const maxObjects = 16
const maxKeys = 64

/**
 * A copy of `value` when it is a primitive or small plain data without shared references; `notPlain` otherwise.
 *
 * @throws TypeError when a remote is met on the way.
 */
export function copyPlain(value: unknown): unknown {
  return isImmutable(value) ? value : copyObject(value as object, [])
}

/** Small plain data, which any thread can read. */
export function isSmall(value: unknown): boolean {
  return copyPlain(value) !== notPlain
}

/** Nobody can change it, and it can be cloned. */
export function isImmutable(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value === null
    case 'function':
    case 'symbol':
      return false
    default:
      return true
  }
}

function copyObject(value: object, seen: object[]): unknown {
  if (typeof value !== 'object' || seen.length >= maxObjects || seen.includes(value)) return notPlain
  // A remote of a component, which looks like an object without anything, says now that it cannot be passed on.
  if (isProxyMarked(value)) return notPlain
  seen.push(value)
  return Array.isArray(value) ? copyArray(value, seen) : copyRecord(value as Record<string, unknown>, seen)
}

function copyArray(value: readonly unknown[], seen: object[]): unknown {
  const { length } = value
  if (length > maxKeys) return notPlain
  // Holes and named properties of arrays are structuredClone's to keep.
  const keys = Object.keys(value)
  if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1))) return notPlain
  const copy = value.slice()
  for (let i = 0; i < length; i++) {
    const item: unknown = copy[i]
    if (isImmutable(item)) continue
    const copied = copyObject(item as object, seen)
    if (copied === notPlain) return notPlain
    copy[i] = copied
  }
  return copy
}

function copyRecord(value: Record<string, unknown>, seen: object[]): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return notPlain
  // V8 clones an object of a known shape much faster than it builds one key by key.
  const copy = { ...value }
  let keys = 0
  for (const key in copy) {
    if (++keys > maxKeys || key === '__proto__') return notPlain
    const item: unknown = copy[key]
    if (isImmutable(item)) continue
    const copied = copyObject(item as object, seen)
    if (copied === notPlain) return notPlain
    copy[key] = copied
  }
  return copy
}
