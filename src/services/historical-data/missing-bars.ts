import type { Coverage } from './coverage.ts'
import { barEnd, barStart, sourcesFor } from './interval.ts'
import type { Interval } from './interval.ts'
import { merge, subtract } from './time-ranges.ts'
import type { TimeRange } from './time-ranges.ts'

/**
 * The bars that nothing covers: they are neither stored, nor known not to be there, nor made whole by finer candles and what is known not to be
 * there of those. That finer candles are known not to be there covers nothing by itself: a source may have days of a time of which it has no
 * minutes.
 *
 * @param intervals those at which anything is stored of the symbol.
 */
export function missingBars(
  coverage: Coverage,
  intervals: readonly Interval[],
  symbol: string,
  interval: Interval,
  range: TimeRange,
): TimeRange[] {
  const gaps = coverage.missing(symbol, interval, range)
  let open = gaps
  let filled: TimeRange[] = []
  for (const finer of sourcesFor(intervals, interval)) {
    if (finer === interval) continue
    filled = merge([...filled, ...open.flatMap((gap) => coverage.stored(symbol, finer, gap))])
    open = open.flatMap((gap) => coverage.missing(symbol, finer, gap))
  }
  const touched = wholeBars(interval, filled)
  return merge([...wholeBars(interval, open), ...gaps.flatMap((gap) => subtract(gap, touched))])
}

/** The bars that ranges touch. */
function wholeBars(interval: Interval, ranges: readonly TimeRange[]): TimeRange[] {
  return merge(
    ranges.map(({ start, end }) => ({
      start: barStart(interval, start),
      // The last of them holds the last moment before the end.
      end: barEnd(interval, barStart(interval, end - 1)),
    })),
  )
}
