import type { CandleStore, ChunkPart, Series } from './candle-store.ts'
import { barEnd } from './interval.ts'
import type { Interval } from './interval.ts'
import type { TimeRange } from './time-ranges.ts'

/** Candles of one interval, one after the other: rows `start` to `end` (exclusive) of `columns`, one at least. */
export interface Tile extends ChunkPart {
  readonly interval: Interval
}

/**
 * Lays a range out with candles, oldest first, no time twice: each part of it with those of the coarsest series that has it, where that has
 * gaps with those of the next finer one, and so on.
 *
 * A candle belongs to a range when it starts in it. One that reaches past the end would tell what comes after it: it counts only where there is
 * nothing finer.
 *
 * @param sources coarsest first; each divides those before it, so that candles of two of them lie one in the other or apart.
 */
export function* readTiles(
  store: CandleStore,
  sources: readonly Series[],
  range: TimeRange,
): Generator<Tile, void, undefined> {
  const [series, ...finer] = sources
  if (!series) return
  const { interval } = series
  let next = range.start
  for (const { columns, start, end } of store.read(series, range.start, range.end)) {
    if (finer.length === 0) {
      yield { interval, columns, start, end }
      continue
    }
    let run = start
    for (let i = start; i < end; i++) {
      const time = columns.time[i]!
      const reachesPast = barEnd(interval, time) > range.end
      if (time > next || reachesPast) {
        if (i > run) yield { interval, columns, start: run, end: i }
        run = i
      }
      if (time > next) yield* readTiles(store, finer, { start: next, end: time })
      next = barEnd(interval, time)
      if (reachesPast && (yield* anyTiles(readTiles(store, finer, { start: time, end: range.end })))) run = end
    }
    if (end > run) yield { interval, columns, start: run, end }
  }
  if (next < range.end) yield* readTiles(store, finer, { start: next, end: range.end })
}

/** Passes tiles on, and tells whether there were any. */
function* anyTiles(tiles: Iterable<Tile>): Generator<Tile, boolean, undefined> {
  let any = false
  for (const tile of tiles) {
    any = true
    yield tile
  }
  return any
}
