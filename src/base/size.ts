import type { Size } from '../contract/size.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { range } from './option-checks.ts'
import type { Bounds } from './option-checks.ts'

/** Without the flag `u`, so that only ASCII digits are digits, and only ASCII letters match whatever their case. */
const sizePattern = /^(\d+(?:\.\d+)?) *(b|[kmg](?:i?b)?|ti?b)$/i

/** @returns whole bytes; undefined for what is no size. */
function parseSize(text: string): number | undefined {
  const [, number, unit] = sizePattern.exec(text) ?? []
  if (number === undefined || unit === undefined) return undefined
  return Math.round(Number(number) * 1024 ** 'bkmgt'.indexOf(unit.charAt(0).toLowerCase()))
}

/**
 * The option as a number of bytes.
 *
 * @param bounds bytes; by default from 0 to 2^53 - 1.
 */
export function expectSize(option: string, value: unknown, bounds: Bounds = {}): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds
  const bytes = typeof value === 'string' ? parseSize(value) : value
  if (typeof bytes !== 'number' || !(bytes >= min && bytes <= max)) {
    // The usual bound is worth a word only to who has passed it.
    const isTooMuch = typeof bytes === 'number' && bytes > max
    const expected = `a number of bytes${range(isTooMuch ? { min, max } : { ...bounds, min })}, or a string with a unit ('512mb', '1.5 GiB')`
    throw new InvalidOptionsError(option, expected, value)
  }
  return bytes
}

/**
 * A size as a number of bytes, for options of your own.
 *
 * @param options `option`: what an error calls it, default 'size'; `min` and `max` in bytes, default 0 and 2^53 - 1.
 * @throws InvalidOptionsError naming the option, what was expected and what was got.
 */
export function toBytes(
  size: Size,
  options: { readonly option?: string; readonly min?: number; readonly max?: number } = {},
): number {
  const { option = 'size', ...bounds } = options
  return expectSize(option, size, bounds)
}
