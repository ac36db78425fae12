import { spreadApply } from './protocol.ts'
import type { MethodPath } from './protocol.ts'

/** A method that may be called, bound to the object it was found on. */
export interface ServedMethod {
  readonly fn: (...args: never[]) => unknown
  readonly self: unknown
}

/** What may be called at the other end of a connection. */
export interface ServedMethods {
  /** All that is served; undefined where it is somewhere else. */
  readonly api: unknown
  lookup(method: MethodPath): ServedMethod | undefined
  /** For messages. */
  names(): string[]
}

/** What is served at `path` in it. */
export function methodsBelow(methods: ServedMethods, path: readonly string[]): ServedMethods {
  if (path.length === 0) return methods
  return {
    api: methods.api,
    lookup: (method) => methods.lookup([...path, ...pathOf(method)]),
    names: () => methods.names(),
  }
}

/** What every function has, whatever the API holds. */
const ofFunctions: ReadonlySet<string> = new Set(['call', 'apply', spreadApply])

/**
 * `x.call` and `x.apply`: methods of that name, where there are any, else those that every function has. Decided here, and not by trying one after the
 * other, so that arguments travel once.
 */
function lookupAsFunction(
  path: readonly string[],
  own: (path: readonly string[]) => ServedMethod | undefined,
): ServedMethod | undefined {
  const last = path.at(-1)
  if (last === undefined || !ofFunctions.has(last)) return undefined
  const parent = path.slice(0, -1)
  const named = own(last === spreadApply ? [...parent, 'apply'] : path)
  if (named) {
    if (last !== spreadApply) return named
    return {
      fn: (self: unknown, ...list: unknown[]) => Reflect.apply(named.fn, named.self, [self, list]) as unknown,
      self: named.self,
    }
  }
  const method = own(parent)
  if (!method) return undefined
  return {
    fn: (_: unknown, ...rest: unknown[]) =>
      Reflect.apply(method.fn, method.self, last === 'apply' ? listOf(rest[0]) : rest) as unknown,
    self: method.self,
  }
}

function listOf(list: unknown): ArrayLike<unknown> {
  return typeof list === 'object' && list !== null ? Array.from(list as ArrayLike<unknown>) : []
}

/** Keys that never name a method: they lead to code execution or to prototypes, or would make a remote a thenable or be called by mere logging. */
const refused: ReadonlySet<string> = new Set(['constructor', '__proto__', 'prototype', 'then', 'toJSON'])

/** Levels of nested objects: more than any API has, few enough for one that is a web of objects. */
const maxDepth = 8

/** True for keys that are refused on both sides, whatever the API holds. */
export function isRefusedKey(key: string): boolean {
  return refused.has(key)
}

/**
 * What of an API may be called: listed once, by string key; what is not in the table does not exist for callers. Own functions, nested plain
 * objects of functions, and the methods of its class up to but not including Object.prototype. Getters are never run.
 */
export class MethodTable implements ServedMethods {
  readonly api: unknown
  readonly #methods = new Map<string, ServedMethod>()

  constructor(api: unknown) {
    this.api = api
    if (typeof api === 'function') this.#methods.set('', { fn: api as ServedMethod['fn'], self: undefined })
    else if (typeof api === 'object' && api !== null) this.#list(api, [], [])
  }

  lookup(method: MethodPath): ServedMethod | undefined {
    if (typeof method === 'string' && !ofFunctions.has(method)) return this.#methods.get(method)
    return lookupAsFunction(pathOf(method), (path) => this.#own(path)) ?? this.#own(method)
  }

  #own(method: MethodPath): ServedMethod | undefined {
    return this.#methods.get(typeof method === 'string' ? method : pathKey(method))
  }

  /** Every callable method, nested ones joined with a dot. */
  names(): string[] {
    return [...this.#methods.keys()].map((key) => key.replaceAll(separator, '.'))
  }

  #list(target: object, path: readonly string[], ancestors: readonly object[]): void {
    if (ancestors.includes(target) || ancestors.length >= maxDepth) return
    const inside = [...ancestors, target]
    const nested: (() => void)[] = []
    for (let owner: object | null = target; owner && owner !== Object.prototype; owner = protoOf(owner)) {
      for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
        if (refused.has(key) || !('value' in descriptor)) continue
        const id = pathKey([...path, key])
        const value: unknown = descriptor.value
        if (typeof value === 'function') {
          if (!this.#methods.has(id)) this.#methods.set(id, { fn: value as ServedMethod['fn'], self: target })
        } else if (owner === target && isPlainObject(value)) {
          nested.push(() => this.#list(value, [...path, key], inside))
        }
      }
    }
    // What it holds may be no more than the options it was made with: its methods are named first.
    for (const list of nested) list()
  }
}

// A key may hold a dot, so nested paths are joined with a character that no sane key holds.
const separator = '\u0000'

function pathKey(path: readonly string[]): string {
  return path.join(separator)
}

function pathOf(method: MethodPath): readonly string[] {
  if (typeof method !== 'string') return method
  return method === '' ? [] : [method]
}

function protoOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = protoOf(value)
  return prototype === Object.prototype || prototype === null
}
