import { InvalidOptionsError } from './errors.ts'

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
    throw new InvalidOptionsError(option, 'a string that is not empty', value)
  }
  return value
}

export function expectStrings(option: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidOptionsError(option, 'an array of strings', value)
  return value.map((item: unknown, index) => expectString(`${option}[${index}]`, item))
}

export function expectRecord<T extends object>(option: string, value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionsError(option, 'an object', value)
  }
  return value
}

/** An option nobody knows is a mistake in writing one that is known. */
export function expectKnown(options: object, known: readonly string[], prefix = ''): void {
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) throw new InvalidOptionsError(`${prefix}${key}`, `one of ${known.join(', ')}`, value)
  }
}

export function expectOptional<T, R>(value: T | undefined, check: (value: T) => R): R | undefined {
  return value === undefined ? undefined : check(value)
}

function range({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return `, ${min} or more`
  return max === undefined ? '' : `, ${max} or less`
}
