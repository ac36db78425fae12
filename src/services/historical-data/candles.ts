import type { Interval } from './interval.ts'

/** One bar: its start (epoch ms, UTC), its prices and the volume traded in it. */
export interface Candle {
  time: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

export const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const

/** Bars as one array per field, oldest first. */
export interface CandleColumns<Column extends ArrayLike<number> = Float64Array> {
  time: Column
  open: Column
  high: Column
  low: Column
  close: Column
  volume: Column
}

/**
 * Bars of one symbol, oldest first. Each column owns its buffer, so a result can be moved between threads instead of
 * copied.
 */
export interface Candles extends CandleColumns<Float64Array<ArrayBuffer>> {
  symbol: string
  interval: Interval
  length: number
}

/** What one candle takes as columns: six doubles. */
export const BYTES_PER_CANDLE = COLUMNS.length * Float64Array.BYTES_PER_ELEMENT

export function createColumns(length: number): CandleColumns<Float64Array<ArrayBuffer>> {
  return {
    time: new Float64Array(length),
    open: new Float64Array(length),
    high: new Float64Array(length),
    low: new Float64Array(length),
    close: new Float64Array(length),
    volume: new Float64Array(length),
  }
}

/** A copy of rows `start` to `end` (exclusive) in buffers of its own. */
export function sliceColumns(
  columns: CandleColumns,
  start = 0,
  end = columns.time.length,
): CandleColumns<Float64Array<ArrayBuffer>> {
  const copy = createColumns(end - start)
  for (const column of COLUMNS) copy[column].set(columns[column].subarray(start, end))
  return copy
}

/** Copies row `from` of one set of columns to row `to` of another. */
export function copyRow(source: CandleColumns, from: number, target: CandleColumns, to: number): void {
  target.time[to] = source.time[from]!
  target.open[to] = source.open[from]!
  target.high[to] = source.high[from]!
  target.low[to] = source.low[from]!
  target.close[to] = source.close[from]!
  target.volume[to] = source.volume[from]!
}

export function candleAt(columns: CandleColumns, index: number): Candle {
  return {
    time: columns.time[index]!,
    open: columns.open[index]!,
    high: columns.high[index]!,
    low: columns.low[index]!,
    close: columns.close[index]!,
    volume: columns.volume[index]!,
  }
}

/** The buffers of a result, to be moved to another thread. */
export function buffersOf(candles: CandleColumns<Float64Array<ArrayBuffer>>): ArrayBuffer[] {
  return COLUMNS.map((column) => candles[column].buffer)
}

/**
 * Walks columns row by row. One object per row is made as it is asked for, so a loop that ends early costs only what it
 * read.
 */
export function* rows(candles: CandleColumns): Generator<Candle, void, undefined> {
  for (let i = 0; i < candles.time.length; i++) yield candleAt(candles, i)
}
