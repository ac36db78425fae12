import { InvalidOptionsError, toBytes } from '../worker.ts'
import type { Size } from '../worker.ts'

/** Checks of options: each returns the value, or throws InvalidOptionsError naming the option. */

/** ms: setTimeout's own limit. A longer delay would fire at once. */
export const longestTimer = 2 ** 31 - 1

/** What a number may be. */
export interface NumberBounds {
  readonly min?: number
  readonly max?: number
  /** Default false. */
  readonly whole?: boolean
  /** Bytes: it may be a string with a unit. Default false. */
  readonly isSize?: boolean
}

/** ms that are waited for. */
export const duration: NumberBounds = { min: 1, max: longestTimer }
/** One at least. */
export const count: NumberBounds = { min: 1, whole: true }
/** Bytes, one at least. */
export const size: NumberBounds = { ...count, isSize: true }

export function checkNumber(option: string, value: unknown, bounds: NumberBounds = {}): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.MAX_VALUE, whole = false, isSize = false } = bounds
  if (isSize && typeof value === 'string') return toBytes(value, { option, min })
  const isNumber = whole ? Number.isSafeInteger(value) : typeof value === 'number'
  if (!isNumber || !((value as number) >= min && (value as number) <= max)) {
    throw new InvalidOptionsError(option, `a ${whole ? 'whole' : 'finite'} number${range(bounds)}`, value)
  }
  return value as number
}

/** The numbers of a configuration, or their defaults. Those without bounds of their own are durations. */
export function checkNumbers<Option extends string>(
  given: { readonly [Each in NoInfer<Option>]?: Size | undefined },
  defaults: Readonly<Record<Option, number>>,
  bounds: { readonly [Each in NoInfer<Option>]?: NumberBounds },
): Record<Option, number> {
  const checked: Record<Option, number> = { ...defaults }
  for (const option of Object.keys(defaults) as Option[]) {
    checked[option] = checkNumber(option, given[option] ?? defaults[option], bounds[option] ?? duration)
  }
  return checked
}

export function checkText(option: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new InvalidOptionsError(option, 'a string that is neither empty nor only blanks', value)
  }
  return value
}

export function checkObject<T extends object>(option: string, value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionsError(option, 'an object', value)
  }
  return value
}

/** An option nobody knows is a mistake in writing one that is known. @param of what its name begins with: 'tls.'. */
export function checkKnown(options: object, known: readonly string[], of = ''): void {
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) throw new InvalidOptionsError(`${of}${key}`, `one of ${known.join(', ')}`, value)
  }
}

function range({ min, max }: NumberBounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return `, ${min} or more`
  return max === undefined ? '' : `, ${max} or less`
}
