import { InvalidOptionsError } from '../contract/errors.ts'
import { similarNames } from '../contract/similar-names.ts'

/** Checks of options: each returns the value, or throws InvalidOptionsError naming the option, what was expected and what was got. */

export interface Bounds {
  readonly min?: number
  readonly max?: number
}

export function expectNumber(option: string, value: unknown, bounds: Bounds = {}): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.MAX_VALUE } = bounds
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new InvalidOptionsError(option, `a finite number${range(bounds)}`, value)
  }
  return value
}

export function expectInteger(option: string, value: unknown, bounds: Bounds = {}): number {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds
  if (!Number.isSafeInteger(value) || !((value as number) >= min && (value as number) <= max)) {
    throw new InvalidOptionsError(option, `a whole number${range(bounds)}`, value)
  }
  return value as number
}

export function expectString(option: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new InvalidOptionsError(option, 'a string that is neither empty nor only blanks', value)
  }
  return value
}

/** Characters of the name of a component, a family or a key. Guessed: more than any that is read by people. */
const longestName = 200

/** A name of a component or family, or the key of one of a family's members. */
export function expectName(option: string, value: unknown): string {
  const name = expectString(option, value)
  if (!isName(name)) {
    throw new InvalidOptionsError(
      option,
      `a well-formed string of 1 to ${longestName} characters, none of them a control character`,
      value,
    )
  }
  return name
}

/** The name of a component that may be a family's member, whose name and key may each be as long as a name. */
export function expectMemberName(option: string, value: unknown): string {
  const name = expectString(option, value)
  // A code point has two units at most: what is longer than two names can be is not looked through.
  if (name.length > 4 * longestName + 1) return expectName(option, name)
  for (let colon = name.indexOf(':'); colon > 0; colon = name.indexOf(':', colon + 1)) {
    if (isName(name.slice(0, colon)) && isName(name.slice(colon + 1))) return name
  }
  return expectName(option, name)
}

export function expectStrings(option: string, value: unknown, expectItem = expectString): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidOptionsError(option, 'an array of strings', value)
  return value.map((item: unknown, index) => expectItem(`${option}[${index}]`, item))
}

/** The name of a method as `idempotent` has it: nested ones are joined with dots. */
export function expectMethod(option: string, value: unknown): string {
  const path = expectString(option, value)
  if (!path.split('.').includes('')) return path
  throw new InvalidOptionsError(option, "the name of a method, nested ones joined with dots ('orders.find')", value)
}

export function expectRecord<T extends object>(option: string, value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionsError(option, 'an object', value)
  }
  return value
}

/** The options of one method: an object with nothing but `known` in it; a `signal` is an AbortSignal. */
export function expectOptions<T extends object>(options: T, known: readonly (keyof T & string)[]): T {
  expectKnown(expectRecord('options', options), known)
  expectOptional((options as { readonly signal?: unknown }).signal, expectSignal)
  return options
}

/** The option `signal`. What only inherits from the prototype is none, and would throw where it is read. */
export function expectSignal(signal: unknown): AbortSignal {
  try {
    if (typeof Reflect.get(AbortSignal.prototype, 'aborted', signal) === 'boolean') return signal as AbortSignal
  } catch {
    // The getter refuses what is no signal.
  }
  throw new InvalidOptionsError('signal', 'an AbortSignal', signal)
}

export function expectOneOf<T extends string>(option: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) throw new InvalidOptionsError(option, `one of ${known.join(', ')}`, value)
  return value
}

/** An option nobody knows is a mistake in writing one that is known. */
export function expectKnown(options: object, known: readonly string[], prefix = ''): void {
  for (const [key, value] of Object.entries(options)) {
    if (known.includes(key)) continue
    const [meant] = similarNames(key, known)
    const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`
    throw new InvalidOptionsError(`${prefix}${key}`, `one of ${known.join(', ')}${hint}`, value)
  }
}

/** What stands for an option that is not given. A null is given, and refused like any other bad value. */
export function orDefault<T>(value: T | undefined, ifNone: T): T {
  return value === undefined ? ifNone : value
}

export function expectOptional<T, R>(value: T | undefined, check: (value: T) => R): R | undefined {
  return value === undefined ? undefined : check(value)
}

/** Characters are code points: an emoji is one, or few. */
const namePattern = new RegExp(`^\\P{Cc}{1,${longestName}}$`, 'u')

function isName(name: string): boolean {
  return name.isWellFormed() && name.trim() !== '' && namePattern.test(name)
}

/** How an error says it. */
export function range({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return `, ${min} or more`
  return max === undefined ? '' : `, ${max} or less`
}

/** @throws InvalidOptionsError */
export function expectFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new InvalidOptionsError(option, 'a function', value)
}
