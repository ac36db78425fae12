import { errorClassOf } from '../errors.ts'
import type { EncodedError } from './protocol.ts'

/**
 * Errors across threads. Structured clone keeps only name, message and stack of an Error and refuses what it does not know;
 * here class name, message, code, cause, AggregateError's errors and every own property that can be cloned arrive, and nothing that is thrown, however
 * hostile, can make the reply itself fail.
 */

const natives: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** More causes and aggregated errors than anybody reads; fewer than a web of errors that refer to each other can be unrolled into. */
const maxErrors = 100
const standard = new Set(['name', 'message', 'stack', 'cause'])

export function encodeError(thrown: unknown): EncodedError {
  try {
    return encode(thrown, { ancestors: [], count: 0 })
  } catch (error) {
    // A proxy whose traps throw even on being looked at.
    return unshowable(thrown, error)
  }
}

function encode(thrown: unknown, walk: { readonly ancestors: unknown[]; count: number }): EncodedError {
  if (!isErrorLike(thrown)) return encodeValue(thrown)
  const nested = (value: unknown): EncodedError | undefined => {
    // A cycle of causes is cut where it comes back to itself.
    if (value === undefined || walk.ancestors.includes(value) || ++walk.count > maxErrors) return undefined
    return encode(value, walk)
  }
  walk.ancestors.push(thrown)
  try {
    return encodeErrorObject(thrown, nested)
  } finally {
    walk.ancestors.pop()
  }
}

function encodeErrorObject(thrown: object, nested: (value: unknown) => EncodedError | undefined): EncodedError {
  const errors = read(thrown, 'errors')
  return {
    kind: 'error',
    name: classNameOf(thrown),
    message: text(read(thrown, 'message')),
    stack: optionalText(read(thrown, 'stack')),
    native: nativeNameOf(thrown),
    properties: cloneableProperties(thrown),
    cause: nested(read(thrown, 'cause')),
    errors: isArray(errors) ? errors.map((e) => nested(e)).filter((e) => e !== undefined) : undefined,
  }
}

/**
 * Rebuilds what was thrown.
 *
 * @param joined frames to append to the stack: where the component was called from.
 */
export function decodeError(encoded: EncodedError, joined?: string): unknown {
  if (encoded.kind === 'value') return encoded.value
  const error = construct(encoded)
  const define = (key: string, value: unknown, enumerable = false): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
  }
  for (const [key, value] of Object.entries(encoded.properties)) define(key, value, true)
  if (error.name !== encoded.name) define('name', encoded.name)
  if (encoded.cause) define('cause', decodeError(encoded.cause))
  if (encoded.errors)
    define(
      'errors',
      encoded.errors.map((e) => decodeError(e)),
    )
  const stack = headed(encoded)
  define('stack', joined ? `${stack}\n${joined}` : stack)
  return error
}

/** A class that does not set `name` has a stack that begins with its base's. */
function headed({ name, message, stack }: Extract<EncodedError, { kind: 'error' }>): string {
  if (stack === undefined) return `${name}: ${message}`
  return name !== 'Error' && /^Error(?=:|\n|$)/.test(stack) ? stack.replace('Error', name) : stack
}

function construct(encoded: Extract<EncodedError, { kind: 'error' }>): Error {
  const code = encoded.properties['code']
  const errorClass = typeof code === 'string' ? errorClassOf(code) : undefined
  // A real Error, so that inspection, cloning and loggers know it for one; its constructor would make the message anew.
  if (errorClass) return Object.setPrototypeOf(new Error(encoded.message), errorClass.prototype as object) as Error
  if (encoded.native === 'DOMException') return new DOMException(encoded.message, encoded.name)
  if (encoded.native === 'AggregateError') return new AggregateError([], encoded.message)
  return new (natives[encoded.native ?? ''] ?? Error)(encoded.message)
}

function encodeValue(value: unknown): EncodedError {
  if (isPrimitive(value)) return { kind: 'value', value }
  try {
    return { kind: 'value', value: structuredClone(value) }
  } catch (cause) {
    return unshowable(value, cause)
  }
}

function unshowable(value: unknown, why: unknown): EncodedError {
  return {
    kind: 'error',
    name: 'Error',
    message: `The component threw something that cannot be cloned: ${describe(value)} (${describe(why)})`,
    stack: undefined,
    native: undefined,
    properties: {},
    cause: undefined,
    errors: undefined,
  }
}

function isErrorLike(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  try {
    // An error of another realm (a vm context) is no instance of this one's Error.
    return (
      value instanceof Error ||
      Object.prototype.toString.call(value) === '[object Error]' ||
      value instanceof DOMException
    )
  } catch {
    return false
  }
}

function cloneableProperties(error: object): Record<string, unknown> {
  const properties: Record<string, unknown> = {}
  let keys: string[] = []
  try {
    keys = Object.keys(error)
  } catch {
    return properties
  }
  for (const key of keys) {
    if (standard.has(key) || key === '__proto__') continue
    const value = read(error, key)
    if (key === 'errors' && isArray(value)) continue
    if (isPrimitive(value)) {
      if (typeof value !== 'symbol') properties[key] = value
      continue
    }
    try {
      properties[key] = structuredClone(value)
    } catch {
      // Functions, sockets and the like stay behind; the error itself still arrives.
    }
  }
  const code = read(error, 'code')
  if (properties['code'] === undefined && (typeof code === 'string' || typeof code === 'number')) {
    properties['code'] = code
  }
  return properties
}

function classNameOf(error: object): string {
  const name = optionalText(read(error, 'name'))
  if (name !== undefined && name !== 'Error' && name !== '') return name
  const constructor = read(error, 'constructor')
  return (typeof constructor === 'function' && constructor.name) || name || 'Error'
}

function nativeNameOf(error: object): string | undefined {
  if (error instanceof DOMException) return 'DOMException'
  if (error instanceof AggregateError) return 'AggregateError'
  return Object.keys(natives).find((name) => error instanceof (natives[name] ?? Error))
}

function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key]
  } catch {
    // A getter that throws must not take the reply with it.
    return undefined
  }
}

function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    // A revoked proxy.
    return false
  }
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : describe(value)
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function describe(value: unknown): string {
  try {
    return typeof value === 'function' ? `function ${value.name || '(anonymous)'}` : String(value)
  } catch {
    return 'something that cannot be shown'
  }
}
