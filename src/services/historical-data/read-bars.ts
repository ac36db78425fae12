import type { CandleStore, Series } from './candle-store.ts'
import type { CandleQuery } from './candle-cache.ts'
import { candleAt } from './candles.ts'
import type { Candle, Candles } from './candles.ts'
import { INTERVALS, barEnd, barStart, shortestBar, sourcesFor } from './interval.ts'
import type { Interval } from './interval.ts'
import { unavailableInterval } from './query.ts'
import { Resampler } from './resampler.ts'
import { readTiles } from './tiles.ts'

/** @throws InvalidOptionsError when the interval cannot be built from those stored. */
export function readBars(store: CandleStore, query: CandleQuery): Candles {
  const { symbol, from, to, interval } = query
  const sources = sourcesOf(store.seriesOf(symbol), symbol, interval)
  const resampler = new Resampler(interval, mostBars(sources, query))
  for (const tile of readTiles(store, sources, { start: from, end: to })) {
    resampler.push(tile.interval, tile.columns, tile.start, tile.end)
  }
  const columns = resampler.finish()
  return { symbol, interval, length: columns.time.length, ...columns }
}

/** The last bar, at the finest interval stored if none is given. @throws InvalidOptionsError as readBars */
export function readLatestBar(store: CandleStore, symbol: string, wanted: Interval | undefined): Candle | null {
  const stored = store.seriesOf(symbol)
  const interval = wanted ?? INTERVALS.find((known) => stored.some((series) => series.interval === known))
  if (!interval || stored.length === 0) return null
  const last = Math.max(...sourcesOf(stored, symbol, interval).map((series) => series.last))
  const start = barStart(interval, last)
  const bars = readBars(store, { symbol, from: start, to: barEnd(interval, start), interval })
  return candleAt(bars, bars.length - 1)
}

/** Coarsest first. */
function sourcesOf(stored: readonly Series[], symbol: string, interval: Interval): Series[] {
  const intervals = stored.map((series) => series.interval)
  const sources = sourcesFor(intervals, interval)
  if (stored.length > 0 && sources.length === 0) throw unavailableInterval(symbol, intervals, interval)
  return sources.flatMap((source) => stored.filter((series) => series.interval === source))
}

/**
 * No more bars than this can come of a range: there is a candle in each. A range of whole bars without gaps gives exactly as many, which saves a
 * copy of them.
 */
function mostBars(sources: readonly Series[], { from, to, interval }: CandleQuery): number {
  const first = Math.min(...sources.map((series) => series.first))
  const last = Math.max(...sources.map((series) => series.last))
  const [start, end] = [Math.max(from, first), Math.min(to, last + 1)]
  if (!(start < end)) return 0
  const candles = sources.reduce((sum, { count }) => sum + count, 0)
  return Math.min(candles, Math.ceil((end - barStart(interval, start)) / shortestBar(interval)))
}
