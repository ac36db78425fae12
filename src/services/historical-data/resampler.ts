import { COLUMNS, copyRow, createColumns, sliceColumns } from './candles.ts'
import type { CandleColumns } from './candles.ts'
import { barEnd, barStart } from './interval.ts'
import type { Interval } from './interval.ts'

/**
 * Builds bars from candles pushed oldest first, piece by piece: open of the first, highest high, lowest low, close of
 * the last, sum of the volumes. Where no candle lies there is no bar.
 */
export class Resampler {
  readonly #interval: Interval
  #bars: CandleColumns<Float64Array<ArrayBuffer>>
  #length = 0
  /** End (exclusive) of the last bar: a candle before it belongs to that bar. */
  #end = -Infinity

  /** `capacity`: how many bars to expect; more are fine, and cost a copy. */
  constructor(interval: Interval, capacity: number) {
    this.#interval = interval
    this.#bars = createColumns(capacity)
  }

  /** Adds the rows `start` to `end` (exclusive) of `candles`, which are of the interval `source`. */
  push(source: Interval, candles: CandleColumns, start: number, end: number): void {
    if (source === this.#interval) {
      this.#reserve(this.#length + end - start)
      for (const column of COLUMNS) this.#bars[column].set(candles[column].subarray(start, end), this.#length)
      this.#length += end - start
      return
    }
    for (let i = start; i < end; i++) {
      if (candles.time[i]! >= this.#end) this.#open(candles, i)
      i = this.#extend(candles, i, end)
    }
  }

  /** The bars so far, in buffers of their own size. */
  finish(): CandleColumns<Float64Array<ArrayBuffer>> {
    return this.#length === this.#bars.time.length ? this.#bars : sliceColumns(this.#bars, 0, this.#length)
  }

  #open(candles: CandleColumns, i: number): void {
    this.#reserve(this.#length + 1)
    const bar = this.#length++
    copyRow(candles, i, this.#bars, bar)
    const start = barStart(this.#interval, candles.time[i]!)
    this.#bars.time[bar] = start
    this.#bars.volume[bar] = 0
    this.#end = barEnd(this.#interval, start)
  }

  /** Folds row `i` and those after it that lie in the last bar into it; returns the last one taken. */
  #extend(candles: CandleColumns, i: number, limit: number): number {
    const { time, high: highs, low: lows, volume: volumes } = candles
    const end = this.#end
    const bar = this.#length - 1
    let high = this.#bars.high[bar]!
    let low = this.#bars.low[bar]!
    let volume = this.#bars.volume[bar]!
    for (; i < limit && time[i]! < end; i++) {
      if (highs[i]! > high) high = highs[i]!
      if (lows[i]! < low) low = lows[i]!
      volume += volumes[i]!
    }
    this.#bars.high[bar] = high
    this.#bars.low[bar] = low
    this.#bars.close[bar] = candles.close[i - 1]!
    this.#bars.volume[bar] = volume
    return i - 1
  }

  #reserve(length: number): void {
    if (length <= this.#bars.time.length) return
    const larger = createColumns(Math.max(length, this.#bars.time.length * 2, 64))
    for (const column of COLUMNS) larger[column].set(this.#bars[column])
    this.#bars = larger
  }
}
