import { proxyMarker } from 'comlink'
import { isMap } from 'node:util/types'

/**
 * What is passed by reference, wherever it is in a value: objects that were marked with `proxy()`, and AbortSignals. Before a value is cloned they are
 * taken out of it, and at the other end what stands for them there is put in their places.
 */

/** Where something is in a value: keys of objects and arrays, numbers of the entries of Maps. */
export type Place = readonly (string | number)[]

/** Something that is passed by reference, and where: several places where it is there several times. */
export interface Reference {
  readonly value: object
  readonly places: Place[]
}

export function isProxyMarked(value: object): boolean {
  return Boolean((value as { [proxyMarker]?: unknown })[proxyMarker])
}

/** Of whatever realm, or written in JavaScript. */
export function isAbortSignal(value: object): value is AbortSignal {
  return (
    value instanceof AbortSignal ||
    (Reflect.get(value, Symbol.toStringTag) === 'AbortSignal' &&
      'addEventListener' in value &&
      typeof value.addEventListener === 'function')
  )
}

export function isReference(value: object): boolean {
  return isProxyMarked(value) || isAbortSignal(value)
}

/** A value without what is passed by reference. */
export interface TakenApart {
  /** A copy, as far as there can be references in it: of objects, arrays and Maps. All else is that of the value itself. */
  readonly rest: unknown
  readonly references: readonly Reference[]
}

interface Step {
  readonly from: Step | undefined
  readonly key: string | number
}

/**
 * Takes out of a value what is in its objects, arrays and values of Maps; what is elsewhere, in a Set say, it does not find.
 *
 * @param standIn what is put in the first place of each reference, to travel there.
 * @throws what getters and `standIn` throw.
 */
export function takeApart(root: unknown, standIn: (reference: object) => unknown): TakenApart {
  const copies = new Map<object, object>()
  const references = new Map<object, Reference>()
  const level: { readonly original: object; readonly copy: object; readonly at: Step | undefined }[] = []
  const member = (value: unknown, from: Step | undefined, key: string | number): unknown => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value
    const at: Step = { from, key }
    if (isReference(value)) {
      const known = references.get(value)
      known?.places.push(placeOf(at))
      if (known) return undefined
      references.set(value, { value, places: [placeOf(at)] })
      return standIn(value)
    }
    return isContainer(value) ? copyOf(value, at) : value
  }
  const copyOf = (original: object, at: Step | undefined): object => {
    const known = copies.get(original)
    if (known) return known
    const copy = Array.isArray(original)
      ? Object.assign([], { length: original.length })
      : isMap(original)
        ? new Map()
        : {}
    copies.set(original, copy)
    level.push({ original, copy, at })
    return copy
  }
  const rest = typeof root === 'object' && root !== null && isContainer(root) ? copyOf(root, undefined) : root
  // Grows meanwhile: a value may be deeper than the stack is.
  for (const { original, copy, at } of level) {
    if (copy instanceof Map) {
      let entry = 0
      for (const [key, value] of original as Map<unknown, unknown>) copy.set(key, member(value, at, entry++))
    } else {
      for (const [key, value] of Object.entries(original)) define(copy, key, member(value, at, key))
    }
  }
  return { rest, references: [...references.values()] }
}

/** `__proto__` as any other key. */
function define(copy: object, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true })
  else (copy as Record<string, unknown>)[key] = value
}

/** What is cloned key by key, an object of a class included. */
export function isContainer(value: object): boolean {
  return Array.isArray(value) || isMap(value) || Object.prototype.toString.call(value) === '[object Object]'
}

function placeOf(last: Step): Place {
  const keys: (string | number)[] = []
  for (let step: Step | undefined = last; step; step = step.from) keys.push(step.key)
  return keys.toReversed()
}

/**
 * What is in that place of a value that came from elsewhere.
 *
 * @throws TypeError when there is no such place.
 */
export function readAt(root: unknown, place: Place): unknown {
  let value = root
  for (const key of place) value = memberOf(value, key)
  return value
}

/** @throws TypeError when there is no such place. */
export function writeAt(root: unknown, place: Place, value: unknown): void {
  const container = readAt(root, place.slice(0, -1))
  const key = place.at(-1) ?? ''
  memberOf(container, key)
  if (container instanceof Map) container.set(keyOf(container, key), value)
  else define(container as object, String(key), value)
}

function memberOf(container: unknown, key: string | number): unknown {
  if (container instanceof Map && Number(key) < container.size) return container.get(keyOf(container, key))
  // Of its own: a place leads nowhere else.
  if (typeof container === 'object' && container !== null && Object.hasOwn(container, key)) {
    return (container as Record<string, unknown>)[key]
  }
  throw new TypeError(`There is nothing at ${String(key)} for what was passed by reference`)
}

function keyOf(map: ReadonlyMap<unknown, unknown>, entry: string | number): unknown {
  return [...map.keys()][Number(entry)]
}
