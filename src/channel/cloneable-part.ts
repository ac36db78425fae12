import { isMap, isProxy, isSet } from 'node:util/types'
import { clone, readableDepth } from './clone-guard.ts'

/** Objects that are looked at one by one when something cannot be cloned as a whole; guessed. */
const maxObjects = 10_000

type Walk = { readonly copies: Map<object, unknown>; readonly depth: number }
type Part = { readonly value: unknown } | undefined

/**
 * As much of a value as can be cloned: a clone of all of it, or else a copy of plain objects, arrays, maps and sets, without what in
 * them cannot be cloned (functions, symbols, sockets). Undefined when there is nothing left, or it is too deep. Never throws.
 */
export function cloneablePart(value: unknown): Part {
  if (!isObject(value)) return primitive(value)
  try {
    return whole(value) ?? part(value, { copies: new Map(), depth: 0 })
  } catch {
    // Too deep, or a proxy that throws.
    return undefined
  }
}

/** The same of the own enumerable properties of an object of any class. */
export function cloneableProperties(object: object, except?: ReadonlySet<string>): Record<string, unknown> {
  return cloneableOf(object, keysOf(object), except)
}

/** The same of those that are not enumerable. */
export function hiddenProperties(object: object, except?: ReadonlySet<string>): Record<string, unknown> {
  return cloneableOf(object, hiddenKeysOf(object), except)
}

function cloneableOf(
  object: object,
  keys: readonly string[],
  except: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  const properties: Record<string, unknown> = {}
  for (const key of keys) {
    if (key === '__proto__' || except?.has(key)) continue
    const copy = cloneablePart(read(object, key))
    if (copy) properties[key] = copy.value
  }
  return properties
}

/** A property, or undefined when a getter throws. */
export function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function primitive(value: unknown): Part {
  return typeof value === 'symbol' ? undefined : { value }
}

function whole(value: object): Part {
  try {
    return { value: clone(value, readableDepth) }
  } catch {
    return undefined
  }
}

function part(value: unknown, { copies, depth }: Walk): Part {
  if (!isObject(value)) return primitive(value)
  if (copies.has(value)) return { value: copies.get(value) }
  if (typeof value === 'function' || isProxy(value) || copies.size >= maxObjects) return undefined
  if (depth >= readableDepth) throw new RangeError(`It is more than ${readableDepth} levels deep`)
  const inside = (member: unknown): Part => part(member, { copies, depth: depth + 1 })
  const started = <T>(copy: T): T => {
    copies.set(value, copy)
    return copy
  }
  if (Array.isArray(value)) {
    const copy = started<unknown[]>([])
    for (const key of keysOf(value)) copy[Number(key)] = inside(read(value, key))?.value
    return { value: copy }
  }
  if (isMap(value)) {
    const copy = started(new Map<unknown, unknown>())
    Map.prototype.forEach.call(value, (item, key) => {
      const [copiedKey, copied] = [inside(key), inside(item)]
      if (copiedKey && copied) copy.set(copiedKey.value, copied.value)
    })
    return { value: copy }
  }
  if (isSet(value)) {
    const copy = started(new Set<unknown>())
    Set.prototype.forEach.call(value, (item) => {
      const copied = inside(item)
      if (copied) copy.add(copied.value)
    })
    return { value: copy }
  }
  // What has a class of its own, a socket say, is more than the sum of its properties.
  if (!isPlain(value)) return whole(value)
  const copy = started<Record<string, unknown>>({})
  for (const key of keysOf(value)) {
    if (key === '__proto__') continue
    const copied = inside(read(value, key))
    if (copied) copy[key] = copied.value
  }
  return { value: copy }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function keysOf(value: object): string[] {
  try {
    return Object.keys(value)
  } catch {
    // A proxy that throws on being looked at.
    return []
  }
}

function hiddenKeysOf(value: object): string[] {
  try {
    return Object.getOwnPropertyNames(value).filter((key) => !Object.prototype.propertyIsEnumerable.call(value, key))
  } catch {
    return []
  }
}
