import { InvalidOptionsError } from '../../worker.ts'

/** The bar lengths that may be stored and asked for, finest first. `1M` is a calendar month, `1m` a minute. */
export const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d', '1w', '1M'] as const
export type Interval = (typeof INTERVALS)[number]

const MINUTE = 60_000
const DAY = 86_400_000
/** 1970-01-05, the first Monday of the epoch: weeks are counted from it. */
const FIRST_MONDAY = 4 * DAY

/** Length in ms; of a month, that of the shortest one. */
const SHORTEST_LENGTH: Record<Interval, number> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '4h': 240 * MINUTE,
  '1d': DAY,
  '1w': 7 * DAY,
  '1M': 28 * DAY,
}

/** The shortest a bar of this interval can be, in ms: exact for all but months. */
export const shortestBar = (interval: Interval): number => SHORTEST_LENGTH[interval]

/**
 * The start (epoch ms) of the bar that holds `time` (epoch ms). Everything is UTC, so there is no daylight saving: days
 * start at midnight, weeks on Monday (ISO 8601), months on the 1st.
 */
export function barStart(interval: Interval, time: number): number {
  if (interval === '1M') {
    const date = new Date(time)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  }
  const length = SHORTEST_LENGTH[interval]
  const origin = interval === '1w' ? FIRST_MONDAY : 0
  return Math.floor((time - origin) / length) * length + origin
}

/** The end (epoch ms, exclusive) of the bar that starts at `start`. */
export function barEnd(interval: Interval, start: number): number {
  if (interval === '1M') {
    const date = new Date(start)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  }
  return start + SHORTEST_LENGTH[interval]
}

/**
 * Whether bars of `coarse` can be built from bars of `fine`. Every interval divides all coarser ones, but a week may
 * lie in two months.
 */
export function divides(fine: Interval, coarse: Interval): boolean {
  return INTERVALS.indexOf(fine) <= INTERVALS.indexOf(coarse) && !(fine === '1w' && coarse === '1M')
}

/** The stored intervals that bars can be made of, in the order in which they are taken: coarsest first, the interval itself if it is stored. */
export function sourcesFor(stored: readonly Interval[], wanted: Interval): Interval[] {
  return INTERVALS.filter((interval) => stored.includes(interval) && divides(interval, wanted)).toReversed()
}

/** Checks an interval that came from outside. @throws InvalidOptionsError listing those allowed. */
export function parseInterval(value: unknown, option = 'interval'): Interval {
  const interval = INTERVALS.find((known) => known === value)
  if (interval === undefined) throw new InvalidOptionsError(option, `one of ${INTERVALS.join(', ')}`, value)
  return interval
}
