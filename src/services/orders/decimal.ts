import { InvalidOptionsError } from '../../worker.ts'

/** A number as callers may give it: a decimal string ('0.105'), a whole number, or a bigint. */
export type DecimalInput = string | number | bigint

/** Most digits before and after the point that are accepted. Results of sums and products may have more. */
const MOST_DIGITS = 30
const MOST_DECIMALS = 18

const SYNTAX = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

/** An exact decimal number, `units / 10 ** scale`: sums and products of prices and quantities lose nothing. Immutable. */
export class Decimal {
  static readonly ZERO = new Decimal(0n, 0)

  readonly #units: bigint
  readonly #scale: number

  private constructor(units: bigint, scale: number) {
    this.#units = units
    this.#scale = scale
  }

  /**
   * Numbers must be safe integers: 0.1 is not the number it looks like, '0.1' is. No exponents, no signs but a minus, at most 30
   * digits before and 18 after the point.
   *
   * @param option what the value is called in the error.
   * @throws InvalidOptionsError
   */
  static parse(value: unknown, option: string): Decimal {
    if (typeof value === 'bigint' || Number.isSafeInteger(value))
      return Decimal.parse(`${value as bigint | number}`, option)
    if (typeof value === 'string' && value.length <= MOST_DIGITS + MOST_DECIMALS + 2 && SYNTAX.test(value)) {
      const [whole = '', decimals = ''] = value.split('.')
      if (whole.replace('-', '').length <= MOST_DIGITS && decimals.length <= MOST_DECIMALS) {
        return Decimal.of(value)
      }
    }
    const expected =
      typeof value === 'number'
        ? `a whole number no larger than 2 ** 53 - 1, or a decimal string such as '0.1'`
        : `a decimal string with at most ${MOST_DIGITS} digits before and ${MOST_DECIMALS} after the point`
    throw new InvalidOptionsError(option, expected, value)
  }

  /** The number that `toString` of another wrote; unlike what callers give, of any length. */
  static of(text: string): Decimal {
    const [whole = '', decimals = ''] = text.split('.')
    return new Decimal(BigInt(whole + decimals), decimals.length)
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.#scale, other.#scale)
    return new Decimal(this.#at(scale) + other.#at(scale), scale)
  }

  minus(other: Decimal): Decimal {
    const scale = Math.max(this.#scale, other.#scale)
    return new Decimal(this.#at(scale) - other.#at(scale), scale)
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.#units * other.#units, this.#scale + other.#scale)
  }

  /** Negative, zero or positive as this is less than, equal to or greater than `other`. */
  compare(other: Decimal): number {
    const scale = Math.max(this.#scale, other.#scale)
    const difference = this.#at(scale) - other.#at(scale)
    if (difference === 0n) return 0
    return difference < 0n ? -1 : 1
  }

  get sign(): number {
    return this.compare(Decimal.ZERO)
  }

  /** `step` must not be zero. */
  isMultipleOf(step: Decimal): boolean {
    const scale = Math.max(this.#scale, step.#scale)
    return this.#at(scale) % step.#at(scale) === 0n
  }

  /** The shortest form: no zeros at the end of the decimals, no point without any. */
  toString(): string {
    const digits = (this.#units < 0n ? -this.#units : this.#units).toString().padStart(this.#scale + 1, '0')
    const point = digits.length - this.#scale
    const decimals = digits.slice(point).replace(/0+$/, '')
    const sign = this.#units < 0n ? '-' : ''
    return sign + digits.slice(0, point) + (decimals === '' ? '' : `.${decimals}`)
  }

  #at(scale: number): bigint {
    return this.#units * 10n ** BigInt(scale - this.#scale)
  }
}
