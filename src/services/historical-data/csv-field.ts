const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const MINUS = 0x2d
const PLUS = 0x2b
const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09

/** Powers of ten that are exact as doubles. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE
const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')

/**
 * A decimal number in `bytes` from `start` to `end` (exclusive), as Number() reads it; NaN for anything else.
 *
 * Up to 15 digits are read without making a string: such an integer, and the power of ten it is divided by, are exact
 * as doubles, so the one division rounds correctly (W. D. Clinger, "How to Read Floating Point Numbers Accurately",
 * PLDI 1990).
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  const negative = bytes[at] === MINUS
  if (negative) at++
  let digits = 0
  let decimals = 0
  let value = 0
  let seenDot = false
  for (; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      digits++
      if (seenDot) decimals++
    } else if (byte === DOT && !seenDot) seenDot = true
    else return parseAnyDecimal(bytes, start, end)
  }
  if (digits === 0 || digits > 15) return parseAnyDecimal(bytes, start, end)
  if (decimals > 0) value /= EXACT_POWERS[decimals]!
  return negative ? -value : value
}

function parseAnyDecimal(bytes: Uint8Array, start: number, end: number): number {
  const text = textOf(bytes, start, end).trim()
  return DECIMAL.test(text) ? Number(text) : NaN
}

/** Whole numbers below this are seconds (until the year 5138), from it on milliseconds (since 1973). */
const SECONDS_BELOW = 1e11
/** From here on it would be microseconds. */
const MILLISECONDS_BELOW = 1e14

/**
 * A point in time in `bytes` from `start` to `end` (exclusive), as epoch ms; NaN for anything else. Read are whole
 * epoch seconds or milliseconds, told apart by size, and ISO 8601 dates with or without a time of day ('T' or a space
 * between), seconds, their fraction (kept to the ms) and offset ('Z', '+hh:mm', '+hhmm'). Without an offset it is UTC,
 * and a date alone is its midnight.
 */
export function parseTime(bytes: Uint8Array, start: number, end: number): number {
  while (start < end && (bytes[start] === SPACE || bytes[start] === TAB)) start++
  while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--
  if (end - start > 4 && bytes[start + 4] === MINUS && isDigit(bytes[start])) return parseIso(bytes, start, end)
  const epoch = parseDecimal(bytes, start, end)
  if (!Number.isInteger(epoch)) return NaN
  const size = Math.abs(epoch)
  if (size < SECONDS_BELOW) return epoch * 1000
  return size < MILLISECONDS_BELOW ? epoch : NaN
}

/** The digits from `at` on, `count` of them; NaN when one is not a digit. */
function digits(bytes: Uint8Array, at: number, count: number, end: number): number {
  if (at + count > end) return NaN
  let value = 0
  for (let i = at; i < at + count; i++) {
    if (!isDigit(bytes[i])) return NaN
    value = value * 10 + (bytes[i]! - ZERO)
  }
  return value
}

function parseIso(bytes: Uint8Array, start: number, end: number): number {
  const year = digits(bytes, start, 4, end)
  const month = digits(bytes, start + 5, 2, end)
  const day = digits(bytes, start + 8, 2, end)
  if (bytes[start + 7] !== MINUS || !(year >= 1000 && month >= 1 && month <= 12 && day >= 1)) return NaN
  const midnight = Date.UTC(year, month - 1, day)
  // Date.UTC carries 31 April over into May. 28 days are in every month.
  if (day > 28 && new Date(midnight).getUTCMonth() !== month - 1) return NaN
  return end - start === 10 ? midnight : midnight + timeOfDay(bytes, start + 10, end)
}

/** ms since midnight UTC of 'Thh:mm[:ss[.fraction]][offset]'; NaN when it is not that. */
function timeOfDay(bytes: Uint8Array, start: number, end: number): number {
  const separator = bytes[start]! | 0x20 // lower case; a space stays one
  if (separator !== 0x74 && separator !== SPACE) return NaN
  const hour = digits(bytes, start + 1, 2, end)
  const minute = digits(bytes, start + 4, 2, end)
  if (bytes[start + 3] !== COLON || !(hour <= 23 && minute <= 59)) return NaN
  let ms = hour * 3_600_000 + minute * 60_000
  let at = start + 6
  if (at < end && bytes[at] === COLON) {
    const second = digits(bytes, at + 1, 2, end)
    if (!(second <= 59)) return NaN
    ms += second * 1000
    at += 3
    if (at < end && bytes[at] === DOT) {
      const first = ++at
      for (let unit = 100; at < end && isDigit(bytes[at]); at++, unit /= 10)
        ms += Math.floor(unit) * (bytes[at]! - ZERO)
      if (at === first) return NaN
    }
  }
  return at === end ? ms : ms - offset(bytes, at, end)
}

/** ms east of UTC; NaN when it is no offset. */
function offset(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start]!
  if ((sign | 0x20) === 0x7a) return end - start === 1 ? 0 : NaN
  if (sign !== PLUS && sign !== MINUS) return NaN
  const colon = bytes[start + 3] === COLON ? 1 : 0
  const hours = digits(bytes, start + 1, 2, end)
  const minutes = digits(bytes, start + 3 + colon, 2, end)
  if (end - start !== 5 + colon || !(hours <= 14 && minutes <= 59)) return NaN
  return (sign === MINUS ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000)
}
