import { InvalidOptionsError } from '../../worker.ts'
import type { CandleQuery } from './candle-cache.ts'
import { INTERVALS, divides, parseInterval } from './interval.ts'
import type { Interval } from './interval.ts'

const MAX_SYMBOL_LENGTH = 128

/**
 * SQLite's text is UTF-8, in which half a surrogate pair is one and the same replacement character: symbols that differ in it alone would share
 * their candles.
 *
 * @throws InvalidOptionsError
 */
export function parseSymbol(value: unknown): string {
  if (typeof value === 'string' && isSymbol(value)) return value
  throw new InvalidOptionsError('symbol', `a well-formed string of 1 to ${MAX_SYMBOL_LENGTH} characters`, value)
}

function isSymbol(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_SYMBOL_LENGTH && text.isWellFormed() && !text.includes('\0')
}

/** @throws InvalidOptionsError */
export function parseQuery(symbol: unknown, from: unknown, to: unknown, interval: unknown): CandleQuery {
  const query = {
    symbol: parseSymbol(symbol),
    from: parseTimestamp('from', from),
    to: parseTimestamp('to', to),
    interval: parseInterval(interval),
  }
  if (query.from > query.to) throw new InvalidOptionsError('from', `a time not after "to" (${query.to})`, query.from)
  return query
}

function parseTimestamp(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new InvalidOptionsError(option, 'a finite number of ms since the epoch', value)
}

/** For an interval that cannot be built from those stored. */
export function unavailableInterval(
  symbol: string,
  stored: readonly Interval[],
  interval: Interval,
): InvalidOptionsError {
  const available = INTERVALS.filter((wanted) => stored.some((source) => divides(source, wanted)))
  const what = `one of ${available.join(', ')}, as ${symbol} is stored at ${stored.join(', ')}`
  return new InvalidOptionsError('interval', what, interval)
}
