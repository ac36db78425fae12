import { copyRow, createColumns } from './candles.ts'
import type { Candle, CandleColumns } from './candles.ts'

/**
 * Collects a bounded number of candles in any order and hands them out as the store wants them: ascending, without
 * repeats.
 */
export class CandleBatch {
  readonly capacity: number
  readonly #columns: CandleColumns
  #length = 0
  #ascending = true

  constructor(capacity: number) {
    this.capacity = capacity
    this.#columns = createColumns(capacity)
  }

  get length(): number {
    return this.#length
  }

  push(candle: Candle): void {
    const { time, open, high, low, close, volume } = this.#columns
    const i = this.#length++
    if (i > 0 && candle.time <= time[i - 1]!) this.#ascending = false
    time[i] = candle.time
    open[i] = candle.open
    high[i] = candle.high
    low[i] = candle.low
    close[i] = candle.close
    volume[i] = candle.volume
  }

  /**
   * Empties the batch. Of candles with the same time the one pushed last is kept. The result is valid until the next
   * `push`.
   */
  take(): CandleColumns {
    const length = this.#length
    const columns = this.#ascending ? this.#columns : this.#sorted()
    const distinct = this.#ascending ? length : dropRepeats(columns, length)
    this.#length = 0
    this.#ascending = true
    return {
      time: columns.time.subarray(0, distinct),
      open: columns.open.subarray(0, distinct),
      high: columns.high.subarray(0, distinct),
      low: columns.low.subarray(0, distinct),
      close: columns.close.subarray(0, distinct),
      volume: columns.volume.subarray(0, distinct),
    }
  }

  #sorted(): CandleColumns {
    const { time } = this.#columns
    const order = Uint32Array.from({ length: this.#length }, (_, i) => i)
    order.sort((a, b) => time[a]! - time[b]! || a - b)
    const sorted = createColumns(this.#length)
    order.forEach((from, to) => copyRow(this.#columns, from, sorted, to))
    return sorted
  }
}

/** Closes up ascending rows over those that the next one repeats; returns how many are left. */
function dropRepeats(columns: CandleColumns, length: number): number {
  let kept = 0
  for (let i = 0; i < length; i++) {
    if (i + 1 < length && columns.time[i] === columns.time[i + 1]) continue
    copyRow(columns, i, columns, kept++)
  }
  return kept
}
