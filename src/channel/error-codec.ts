import { describeValue, messageOf } from '../contract/describe-value.ts'
import { errorClassOf, ValueError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'
import { cloneablePart, cloneableProperties, hiddenProperties, isObject, read } from './cloneable-part.ts'
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
/** What travels on its own, of any error and of one that lists others. */
const standard: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause'])
const listing: ReadonlySet<string> = new Set([...standard, 'errors'])
const suppressing: ReadonlySet<string> = new Set([...standard, 'error', 'suppressed'])

/**
 * What was thrown, as it can be posted, whatever it is: nothing in the result is refused by structured clone.
 *
 * @param component where it was thrown, for what is said of a value that cannot travel.
 */
export function encodeError(thrown: unknown, component: string): EncodedError {
  const walk: Walk = { component, ancestors: [], count: 0 }
  try {
    return encode(thrown, walk)
  } catch {
    // A proxy whose traps throw even on being looked at.
    return unshowable(thrown, walk)
  }
}

interface Walk {
  readonly component: string
  readonly ancestors: unknown[]
  count: number
}

function encode(thrown: unknown, walk: Walk): EncodedError {
  if (!isErrorLike(thrown)) return encodeValue(thrown, walk)
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
  const suppresses = isInstance(thrown, SuppressedError)
  return {
    kind: 'error',
    name: classNameOf(thrown),
    message: text(read(thrown, 'message')),
    stack: optionalText(read(thrown, 'stack')),
    native: nativeNameOf(thrown),
    ...propertiesOf(thrown),
    error: suppresses ? nested(read(thrown, 'error')) : undefined,
    suppressed: suppresses ? nested(read(thrown, 'suppressed')) : undefined,
    cause: nested(read(thrown, 'cause')),
    errors: listOf(read(thrown, 'errors'))
      ?.map((e) => nested(e))
      .filter((e) => e !== undefined),
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
  for (const [key, value] of Object.entries(encoded.hidden)) define(key, value)
  if (error.name !== encoded.name) define('name', encoded.name)
  if (encoded.error) define('error', decodeError(encoded.error))
  if (encoded.suppressed) define('suppressed', decodeError(encoded.suppressed))
  if (encoded.cause) define('cause', decodeError(encoded.cause))
  if (encoded.errors)
    define(
      'errors',
      encoded.errors.map((e) => decodeError(e)),
    )
  const stack = headed(encoded)
  define('stack', joined ? `${withoutServing(stack)}\n${joined}` : stack)
  return error
}

/** Without the frames that began the call: behind them is nobody's code but this package's. Where names were changed, by a bundler say, they stay. */
function withoutServing(stack: string): string {
  const begun = stack.search(/\n +at AsyncLocalStorage\.run \(node:[^\n]*\n +at (?:ServedConnection\.)?#serve \(/)
  return begun < 0 ? stack : stack.slice(0, begun)
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
  if (encoded.native === 'SuppressedError') return new SuppressedError(undefined, undefined, encoded.message)
  if (encoded.native === 'QuotaExceededError') return quotaExceeded(encoded)
  if (encoded.native === 'AggregateError') return new AggregateError([], encoded.message)
  return new (natives[encoded.native ?? ''] ?? Error)(encoded.message)
}

/** What is no error arrives as a clone, or as what of it can be cloned: its message and code are worth more than its functions. */
function encodeValue(value: unknown, walk: Walk): EncodedError {
  const part = cloneablePart(value)
  if (part) return { kind: 'value', value: part.value }
  if (typeof value !== 'object' || value === null) return unshowable(value, walk)
  const properties = cloneableProperties(value)
  return Object.keys(properties).length > 0 ? { kind: 'value', value: properties } : unshowable(value, walk)
}

function unshowable(value: unknown, { component }: Walk): EncodedError {
  const shown = typeof value === 'function' ? describeValue(value) : messageOf(value)
  const { name, message, code, what } = new ValueError(component, 'thrown value', `cannot be cloned: ${shown}`)
  return {
    kind: 'error',
    name,
    message,
    stack: undefined,
    native: undefined,
    properties: { code, component, what },
    hidden: {},
    error: undefined,
    suppressed: undefined,
    cause: undefined,
    errors: undefined,
  }
}

/** Also one of another realm. */
export function isErrorLike(value: unknown): value is object {
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

interface Properties {
  readonly properties: Record<string, unknown>
  readonly hidden: Record<string, unknown>
}

function propertiesOf(error: object): Properties {
  const elsewhere = listOf(read(error, 'errors'))
    ? listing
    : isInstance(error, SuppressedError)
      ? suppressing
      : standard
  const properties = cloneableProperties(error, elsewhere)
  const hidden = hiddenProperties(error, elsewhere)
  // They are getters of the class.
  if (isQuotaExceeded(error))
    Object.assign(hidden, { quota: read(error, 'quota'), requested: read(error, 'requested') })
  // A DOMException's own number follows from its name.
  const code = error instanceof DOMException ? undefined : read(error, 'code')
  if (
    properties['code'] === undefined &&
    hidden['code'] === undefined &&
    (typeof code === 'string' || typeof code === 'number')
  ) {
    properties['code'] = code
  }
  return { properties, hidden }
}

type QuotaExceeded = new (message: string, options: object) => DOMException
/** Newer versions of Node have it, and the library that the sources are compiled for does not. */
const { QuotaExceededError } = globalThis as { readonly QuotaExceededError?: QuotaExceeded }

function isQuotaExceeded(error: object): boolean {
  return QuotaExceededError !== undefined && isInstance(error, QuotaExceededError)
}

function quotaExceeded({ message, name }: Extract<EncodedError, { kind: 'error' }>): DOMException {
  return QuotaExceededError ? new QuotaExceededError(message, {}) : new DOMException(message, name)
}

function classNameOf(error: object): string {
  const name = optionalText(read(error, 'name'))
  if (name !== undefined && name !== 'Error' && name !== '') return name
  const constructor = read(error, 'constructor')
  return (isObject(constructor) && optionalText(read(constructor, 'name'))) || name || 'Error'
}

function nativeNameOf(error: object): string | undefined {
  if (isQuotaExceeded(error)) return 'QuotaExceededError'
  if (error instanceof SuppressedError) return 'SuppressedError'
  if (error instanceof DOMException) return 'DOMException'
  if (error instanceof AggregateError) return 'AggregateError'
  return Object.keys(natives).find((name) => error instanceof (natives[name] ?? Error))
}

/** The first so many elements; undefined when it is no array. */
function listOf(value: unknown): unknown[] | undefined {
  try {
    return Array.isArray(value) ? value.slice(0, maxErrors) : undefined
  } catch {
    // A revoked proxy, or one that throws.
    return undefined
  }
}

function text(value: unknown): string {
  return value === undefined ? '' : messageOf(value)
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
