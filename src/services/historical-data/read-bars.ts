import type { CandleStore, Series } from './candle-store.ts'
import type { CandleQuery } from './candle-cache.ts'
import { candleAt } from './candles.ts'
import type { Candle, Candles } from './candles.ts'
import { INTERVALS, barEnd, barStart, chooseSource, shortestBar } from './interval.ts'
import type { Interval } from './interval.ts'
import { unavailableInterval } from './query.ts'
import { Resampler } from './resampler.ts'

/** @throws InvalidOptionsError when the interval cannot be built from those stored. */
export function readBars(store: CandleStore, query: CandleQuery): Candles {
  const { symbol, from, to, interval } = query
  const source = sourceOf(store.seriesOf(symbol), symbol, interval)
  const resampler = new Resampler(source?.interval ?? interval, interval, source ? mostBars(source, query) : 0)
  if (source) {
    for (const { columns, start, end } of store.read(source, from, to)) resampler.push(columns, start, end)
  }
  const columns = resampler.finish()
  return { symbol, interval, length: columns.time.length, ...columns }
}

/** The last bar, at the finest interval stored if none is given. @throws InvalidOptionsError as readBars */
export function readLatestBar(store: CandleStore, symbol: string, wanted: Interval | undefined): Candle | null {
  const stored = store.seriesOf(symbol)
  const interval = wanted ?? INTERVALS.find((known) => stored.some((series) => series.interval === known))
  const source = interval && sourceOf(stored, symbol, interval)
  if (!source) return null
  if (source.interval === interval) return store.last(source)
  const start = barStart(interval, source.last)
  const bars = readBars(store, { symbol, from: start, to: barEnd(interval, start), interval })
  return candleAt(bars, bars.length - 1)
}

function sourceOf(stored: readonly Series[], symbol: string, interval: Interval): Series | undefined {
  if (stored.length === 0) return undefined
  const intervals = INTERVALS.filter((known) => stored.some((series) => series.interval === known))
  const chosen = chooseSource(intervals, interval)
  if (chosen === undefined) throw unavailableInterval(symbol, intervals, interval)
  return stored.find((series) => series.interval === chosen)
}

/** No more bars than this can come of a series in a range: there is a candle in each. */
function mostBars(source: Series, { from, to, interval }: CandleQuery): number {
  const time = Math.min(to, source.last + 1) - Math.max(from, source.first)
  return Math.max(0, Math.min(source.count, Math.ceil(time / shortestBar(interval)) + 1))
}
