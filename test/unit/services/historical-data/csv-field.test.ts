import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDecimal, parseTime } from '../../../../src/services/historical-data/csv-field.ts'
import { utc } from '../../../services/historical-data/harness.ts'

/** Parses text that lies between other bytes, which must not be read. */
function inside(parse: (bytes: Uint8Array, start: number, end: number) => number, text: string): number {
  const bytes = Buffer.from(`9,${text}9,9`)
  return parse(bytes, 2, bytes.length - 3)
}
const decimal = (text: string): number => inside(parseDecimal, text)
const time = (text: string): number => inside(parseTime, text)

test('decimals are read exactly as Number reads them', () => {
  const parts = fc.tuple(fc.constantFrom('', '-'), fc.bigInt(0n, 10n ** 20n), fc.nat(22))
  fc.assert(
    fc.property(parts, ([sign, digits, decimals]) => {
      const padded = `${digits}`.padStart(decimals + 1, '0')
      const text = `${sign}${padded.slice(0, padded.length - decimals)}${decimals ? `.${padded.slice(-decimals)}` : ''}`
      expect(decimal(text)).toBe(Number(text))
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
      expect(decimal(`${value}`)).toBe(value + 0) // the text of -0 is 0
    }),
    { numRuns: 1000 },
  )
})

test.each(['1', '1.', '.5', '-.5', '+2', ' 3 ', '1e3', '1.5E-3', '00012', '1469.250000', '0.00000000000000000000001'])(
  'the number %j',
  (text) => {
    expect(decimal(text)).toBe(Number(text))
  },
)

test.each(['', ' ', '.', '-', 'null', 'NaN', 'Infinity', '0x10', '1_000', '1 000', '1.2.3', '--1', '1e', '１', '1,5'])(
  '%j is no number',
  (text) => {
    expect(decimal(text)).toBeNaN()
  },
)

test.each([
  ['2024-02-29', utc('2024-02-29')],
  [' 2024-02-29 ', utc('2024-02-29')],
  ['2024-02-29T23:59', utc('2024-02-29T23:59')],
  ['2024-02-29 23:59:58', utc('2024-02-29T23:59:58')],
  ['2024-02-29t23:59:58z', utc('2024-02-29T23:59:58')],
  ['2024-02-29T23:59:58.123Z', utc('2024-02-29T23:59:58.123')],
  ['2024-02-29T23:59:58.1239999Z', utc('2024-02-29T23:59:58.123')],
  ['2024-02-29T23:59:58.5', utc('2024-02-29T23:59:58.500')],
  ['2024-02-29T23:59+01:00', utc('2024-02-29T22:59')],
  ['2024-02-29T23:59:00-0530', utc('2024-03-01T05:29')],
  ['1709164800', utc('2024-02-29')],
  ['1709164800000', utc('2024-02-29')],
  ['0', 0],
  ['-86400', -86_400_000],
  ['-315619200000', utc('1960-01-01')],
])('the time %j', (text, expected) => {
  expect(time(text)).toBe(expected)
})

test.each([
  '',
  'today',
  '2023-02-29',
  '2024-04-31',
  '2024-13-01',
  '2024-00-01',
  '2024-01-00',
  '2024-1-1',
  '2024-01-01T',
  '2024-01-01T24:00',
  '2024-01-01T12',
  '2024-01-01T12:60',
  '2024-01-01T12:00:60',
  '2024-01-01T12:00:00.',
  '2024-01-01T12:00:00Zulu',
  '2024-01-01T12:00+1',
  '2024-01-01T12:00+15:00',
  '2024-01-01x12:00',
  '2024/01/01',
  '01-02-2024',
  '1709164800.5',
  '1709164800000000',
  '0999-01-01',
])('%j is no time', (text) => {
  expect(time(text)).toBeNaN()
})

test('every ISO time is read as Date reads it', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(time(date.toISOString())).toBe(date.getTime())
      expect(time(date.toISOString().slice(0, 10))).toBe(Math.floor(date.getTime() / 86_400_000) * 86_400_000)
    }),
  )
})
