/**
 * Copies small plain data by hand. Entries wait until the end of the microtask before they are posted together, and what the
 * sender changes meanwhile must not travel; for small arguments this copy is an order of magnitude cheaper than structuredClone. Anything
 * larger or less plain is not copied here but posted at once.
 */

/** Marks what has to be posted at once. */
export const notPlain: unique symbol = Symbol('not plain')

const maxObjects = 16
const maxKeys = 64

/** A copy of `value` when it is a primitive or small plain data without shared references; `notPlain` otherwise. */
export function snapshot(value: unknown): unknown {
  return isImmutable(value) ? value : copyObject(value as object, [])
}

function isImmutable(value: unknown): boolean {
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
  seen.push(value)
  const keys = Object.keys(value)
  if (keys.length > maxKeys) return notPlain
  if (Array.isArray(value)) {
    // Holes and named properties of arrays are structuredClone's to keep.
    if (keys.length !== value.length) return notPlain
    const copy: unknown[] = Array.from({ length: value.length })
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      const copied = isImmutable(item) ? item : copyObject(item as object, seen)
      if (copied === notPlain) return notPlain
      copy[i] = copied
    }
    return copy
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return notPlain
  const copy: Record<string, unknown> = {}
  for (const key of keys) {
    if (key === '__proto__') return notPlain
    const item: unknown = (value as Record<string, unknown>)[key]
    const copied = isImmutable(item) ? item : copyObject(item as object, seen)
    if (copied === notPlain) return notPlain
    copy[key] = copied
  }
  return copy
}
