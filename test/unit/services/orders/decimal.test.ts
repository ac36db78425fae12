import { array, assert, bigInt, nat, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidOptionsError } from '../../../../src/contract/errors.ts'
import { Decimal } from '../../../../src/services/orders/decimal.ts'

const parse = (value: unknown): Decimal => Decimal.parse(value, 'quantity')

describe('Decimal', () => {
  it.each([
    ['0.1', '0.1'],
    ['1.500', '1.5'],
    ['-0.00', '0'],
    ['-2.50', '-2.5'],
    ['100', '100'],
    [100, '100'],
    [-3, '-3'],
    [12n, '12'],
    ['0.000000000000000001', '0.000000000000000001'],
    ['123456789012345678901234567890.5', '123456789012345678901234567890.5'],
  ])('reads %s', (given, shown) => {
    expect(parse(given).toString()).toBe(shown)
  })

  it.each([
    0.1,
    2 ** 53,
    Number.NaN,
    Infinity,
    '',
    ' 1',
    '1e3',
    '+1',
    '.5',
    '1.',
    '01',
    '1,5',
    '1.0000000000000000001',
    '1234567890123456789012345678901',
    10n ** 40n,
    null,
    undefined,
    {},
    ['1'],
  ])('refuses %s', (given) => {
    const attempt = (): unknown => parse(given)
    expect(attempt).toThrow(InvalidOptionsError)
    expect(attempt).toThrow('"quantity"')
  })

  it('says what to do about a fraction given as a number', () => {
    expect(() => parse(0.1)).toThrow(`a decimal string such as '0.1', got 0.1`)
  })

  it('does not make the errors of floats', () => {
    expect(parse('0.1').plus(parse('0.2')).toString()).toBe('0.3')
    expect(parse('1.1').times(parse('1.1')).toString()).toBe('1.21')
    expect(parse('0.3').isMultipleOf(parse('0.1'))).toBe(true)
    expect(parse('0.35').isMultipleOf(parse('0.1'))).toBe(false)
  })

  it('sums, subtracts, multiplies, compares and prints as integers of one scale do', () => {
    const decimal = tuple(bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), nat({ max: 18 }))
    const make = ([units, scale]: [bigint, number]): Decimal => {
      const digits = `${units < 0n ? -units : units}`.padStart(scale + 1, '0')
      const text = `${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`
      return parse(`${units < 0n ? '-' : ''}${text}`)
    }
    const scaled = ([units, scale]: [bigint, number]): bigint => units * 10n ** BigInt(18 - scale)
    const unitsOf = (number: Decimal, scale: number): bigint => {
      const [whole = '', decimals = ''] = number.toString().split('.')
      return BigInt(whole + decimals.padEnd(scale, '0'))
    }
    assert(
      property(decimal, decimal, (x, y) => {
        const [a, b] = [make(x), make(y)]
        const [m, n] = [scaled(x), scaled(y)]
        expect(unitsOf(a.plus(b), 18)).toBe(m + n)
        expect(unitsOf(a.minus(b), 18)).toBe(m - n)
        expect(unitsOf(a.times(b), 36)).toBe(m * n)
        expect(a.compare(b)).toBe(m === n ? 0 : m < n ? -1 : 1)
        expect(n === 0n || a.isMultipleOf(b) === (m % n === 0n)).toBe(true)
        expect(parse(a.toString()).compare(a)).toBe(0)
      }),
    )
  })

  it('sums a long list to the last digit, in any order', () => {
    assert(
      property(array(nat({ max: 10 ** 9 }), { minLength: 1, maxLength: 100 }), (units) => {
        const parts = units.map((each) => parse(`0.${String(each).padStart(10, '0')}`))
        const sum = parts.reduce((total, each) => total.plus(each), Decimal.ZERO)
        const back = parts.toReversed().reduce((total, each) => total.plus(each), Decimal.ZERO)
        const expected = units.reduce((total, each) => total + each, 0)
        expect(sum.times(parse(10n ** 10n)).toString()).toBe(String(expected))
        expect(back.toString()).toBe(sum.toString())
      }),
    )
  })
})
