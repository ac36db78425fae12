import { isBoxedPrimitive, isMap, isNativeError, isProxy, isSet } from 'node:util/types'
import type { FileHandle } from 'node:fs/promises'
import { MessagePort } from 'node:worker_threads'
import { isAbortSignal, isProxyMarked } from './references.ts'

/**
 * Node ends the process with SIGSEGV when it clones a MessagePort that is closed, or another handle of its own that is (nodejs/node#56362;
 * Node 24 and 26). None of them could be cloned when open either, so whatever is not known to be plain is looked through before it is
 * cloned or posted, as far as V8 would. What is named to be moved is checked by Node itself.
 *
 * Looked at twice, a getter may say two things, and named properties of long arrays are not looked for: there the process is not safe.
 */

/** V8 keeps arrays that are longer than this, and not filled from the start, as dictionaries (`kMaxFastArrayLength`). */
const longestFastArray = 32 * 1024 ** 2
/** Elements up to which the names of an array's properties are listed: a list of 100,000 numbers' takes longer than cloning it (10 and 6 ms). */
const listedElements = 1_000
/** What Node clones of a DOMException (lib/internal/per_context/domexception.js), own properties of that name included. */
const domExceptionKeys = ['name', 'message', 'code', 'stack', 'cause']

/** Levels of objects that every thread's stack can follow, and more than anybody reads of what is only told: an error, a reason. Guessed. */
export const readableDepth = 200

/**
 * @param isMoved whether an object that is not plain will be moved, not cloned.
 * @param maxDepth levels of objects; deeper ones are refused. Default: any number.
 * @param onReference told of what is passed by reference, which is not looked into then. Default: it is taken for any other object.
 * @throws TypeError when `value` holds a port or another handle that is not moved, or is too deep; and whatever its getters throw.
 */
export function assertClonable(
  value: unknown,
  isMoved: (object: object) => boolean = () => false,
  maxDepth = Number.POSITIVE_INFINITY,
  onReference?: (object: object) => void,
): void {
  visitObjects(value, maxDepth, (object) => {
    const plain = isPlain(object)
    if (!plain && isMoved(object)) return false
    if (onReference && (isProxyMarked(object) || (!plain && isAbortSignal(object)))) {
      onReference(object)
      return false
    }
    if (plain) return true
    if (isHandle(object)) throw new TypeError(refusal(object))
    return true
  })
}

/** structuredClone, which throws also where it would have ended the process. */
export function clone<T>(value: T, maxDepth?: number): T {
  assertClonable(value, undefined, maxDepth)
  return structuredClone(value)
}

/** What in a value that came from another thread can only be moved: it must be told when the value is passed on, and closed when nobody gets it. */
export function movableIn(value: unknown): Movable[] {
  const found: Movable[] = []
  visitObjects(value, Number.POSITIVE_INFINITY, (object) => {
    if (!isMovable(object)) return true
    found.push(object)
    return false
  })
  return found
}

type Movable = MessagePort | ReadableStream | WritableStream | TransformStream | FileHandle

function isMovable(object: object): object is Movable {
  return (
    object instanceof MessagePort ||
    object instanceof ReadableStream ||
    object instanceof WritableStream ||
    object instanceof TransformStream ||
    isFileHandle(object)
  )
}

/** Node does not export the class. */
export function isFileHandle(object: object): object is FileHandle {
  return object.constructor?.name === 'FileHandle' && 'getAsyncId' in object && 'fd' in object
}

/**
 * Visits every object that V8 would reach when it cloned `root`, each once, level by level: a value may be deeper than the stack is.
 *
 * @param enter false: what the object holds is not visited.
 */
export function visitObjects(root: unknown, maxDepth: number, enter: (object: object) => boolean): void {
  const seen = new Set<unknown>()
  let level: object[] = []
  const add = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
    seen.add(value)
    level.push(value)
  }
  add(root)
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= maxDepth) throw new TypeError(`It is more than ${maxDepth} levels deep`)
    const objects = level
    level = []
    for (const object of objects) {
      // V8 clones no proxy and looks into none. A remote says why.
      if (isProxy(object) && !isProxyMarked(object)) continue
      if (enter(object) && typeof object !== 'function') addMembers(object, add)
    }
  }
}

function addMembers(object: object, add: (value: unknown) => void): void {
  if (Array.isArray(object)) addElements(object, add)
  else if (isMap(object)) {
    Map.prototype.forEach.call(object, (value, key) => {
      add(key)
      add(value)
    })
  } else if (isSet(object)) Set.prototype.forEach.call(object, add)
  else if (object instanceof DOMException) for (const key of domExceptionKeys) add(Reflect.get(object, key))
  // oxlint-disable-next-line typescript/no-deprecated -- Error.isError is not in the library that the sources are compiled for
  else if (isNativeError(object)) add(object.cause)
  else if (object instanceof AbortSignal) add(object.reason)
  else if (!ArrayBuffer.isView(object) && !isBoxedPrimitive(object)) addProperties(object, add)
}

function addElements(array: readonly unknown[], add: (value: unknown) => void): void {
  if (array.length <= listedElements || array.length > longestFastArray) addProperties(array, add)
  else for (let i = 0; i < array.length; i++) add(array[i])
}

function addProperties(object: object, add: (value: unknown) => void): void {
  for (const key of Object.keys(object)) add((object as Record<string, unknown>)[key])
}

/** Handles of Node's own (sockets, timers, parsers) are what has an id among its asynchronous resources. */
export function isHandle(object: object): boolean {
  return object instanceof MessagePort || ('getAsyncId' in object && typeof object.getAsyncId === 'function')
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

function refusal(handle: object): string {
  return handle instanceof MessagePort
    ? 'A MessagePort can only be moved: name it in transfer()'
    : `A handle of Node's (${handle.constructor.name}) cannot be cloned`
}
