import { MessagePort } from 'node:worker_threads'
import { clone, isHandle, visitObjects } from '../../channel/clone-guard.ts'

/**
 * Classes of Node's that V8, asked without Node, writes as if they were objects without anything, or cannot read again. Ports, keys and histograms it
 * leaves to the serializer.
 */
const nodesOwn: ReadonlySet<string> = new Set([
  'Blob',
  'BlockList',
  'FormData',
  'Headers',
  'MessageEvent',
  'Module',
  'ReadableStream',
  'Request',
  'Response',
  'SocketAddress',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'WritableStream',
  'X509Certificate',
])

/**
 * Objects, and levels of them, that are looked at without noting which: a tenth of the cost. What refers to itself comes to the end of one of them, and is
 * looked at properly. Guessed.
 */
const mostObjects = 200_000
const mostLevels = 50
/** Elements of an array; a longer one may be nothing but holes. */
const mostElements = 2 ** 22

/**
 * Looks at what V8 would write otherwise than structured clone does.
 *
 * @param isMoved whether a port is named to be moved.
 * @returns true when there are DOMExceptions in it.
 * @throws TypeError when something in it cannot leave its process.
 */
export function holdsExceptions(frame: unknown, isMoved: (port: MessagePort) => boolean): boolean {
  if (isPlain(frame)) return false
  let exceptions = false
  visitObjects(frame, Number.POSITIVE_INFINITY, (object) => {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return true
    if (object instanceof MessagePort) {
      if (!isMoved(object)) throw new TypeError('A MessagePort can only be moved: name it in transfer()')
      return false
    }
    if (object instanceof DOMException) {
      exceptions = true
      return false
    }
    if (isNodesOwn(object)) throw notPortable(object)
    return true
  })
  return exceptions
}

export function notPortable(value: object): TypeError {
  return new TypeError(`${oneOf(value)} cannot leave its process`)
}

/** 'A Blob', say. */
export function oneOf(value: object): string {
  const { name } = value.constructor
  return `${/^[AEIOX]/.test(name) ? 'An' : 'A'} ${name}`
}

/** Whether V8 writes it as what it is, as far as can be told at little cost. */
export function isPlain(value: unknown): boolean {
  return isPlainData(value, mostLevels, { left: mostObjects })
}

/** Of a class of Node's of which V8, asked without Node, writes nothing. */
export function isNodesOwn(object: object): boolean {
  if (isHandle(object)) return true
  if (!isSuspicious(Object.getPrototypeOf(object))) return false
  // A class of the user's own may be called like that: it comes out as a plain object.
  try {
    return Object.getPrototypeOf(clone(object)) !== Object.prototype
  } catch {
    return true
  }
}

/** Nothing but primitives, plain objects, arrays and bytes, and neither many of them nor deep ones. */
function isPlainData(value: unknown, levels: number, budget: { left: number }): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (--budget.left < 0 || levels === 0) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) {
    const list = value as readonly unknown[]
    if (list.length > mostElements) return false
    for (let i = 0; i < list.length; i++) {
      const item = list[i]
      if (typeof item === 'object' && item !== null && !isPlainData(item, levels - 1, budget)) return false
    }
    return true
  }
  if (prototype !== Object.prototype) return ArrayBuffer.isView(value)
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object' && item !== null && !isPlainData(item, levels - 1, budget)) return false
  }
  return true
}

const suspicious = new WeakMap<object, boolean>()

function isSuspicious(prototype: unknown): boolean {
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return false
  const known = suspicious.get(prototype)
  if (known !== undefined) return known
  const own = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown
  const found = (typeof own === 'function' && nodesOwn.has(own.name)) || isSuspicious(Object.getPrototypeOf(prototype))
  suspicious.set(prototype, found)
  return found
}
