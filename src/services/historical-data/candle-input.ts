import { InvalidOptionsError } from '../../worker.ts'
import { CandleBatch } from './candle-batch.ts'
import { candleProblem } from './candle-problem.ts'
import { COLUMNS, candleAt } from './candles.ts'
import type { Candle, CandleColumns } from './candles.ts'
import type { Interval } from './interval.ts'

/**
 * Candles to store: rows, or columns of the same length. In any order; of candles with the same time the last counts.
 */
export type CandleInput = readonly Readonly<Candle>[] | Readonly<CandleColumns<ArrayLike<number>>>

/**
 * Checks candles and makes columns of them, ascending and without repeats.
 * @throws InvalidOptionsError naming the first that is none.
 */
export function parseCandles(input: CandleInput, interval: Interval): CandleColumns {
  const { length, at } = reader(input)
  const batch = new CandleBatch(length)
  for (let i = 0; i < length; i++) {
    const candle = at(i)
    const problem = problemOf(candle, interval)
    if (problem !== undefined) throw new InvalidOptionsError(`candles[${i}]`, `a ${interval} candle`, problem)
    batch.push(candle)
  }
  return batch.take()
}

function problemOf(candle: unknown, interval: Interval): string | undefined {
  if (typeof candle !== 'object' || candle === null) return `no object but ${String(candle)}`
  const fields = candle as Record<(typeof COLUMNS)[number], unknown>
  const wrong = COLUMNS.find((name) => typeof fields[name] !== 'number')
  return wrong ? `${wrong} ${String(fields[wrong])} is not a number` : candleProblem(candle as Candle, interval)
}

function reader(input: CandleInput): { length: number; at: (i: number) => Candle } {
  if (Array.isArray(input)) {
    const rows: readonly Candle[] = input
    return { length: rows.length, at: (i) => rows[i]! }
  }
  if (typeof input !== 'object' || input === null) {
    throw new InvalidOptionsError('candles', 'an array of candles, or columns', input)
  }
  const columns = input as CandleColumns
  const length = columns.time?.length
  for (const name of COLUMNS) {
    const column: unknown = columns[name]
    const given = Array.isArray(column) || ArrayBuffer.isView(column) ? (column as ArrayLike<number>).length : undefined
    if (given === undefined) throw new InvalidOptionsError(`candles.${name}`, 'an array of numbers', column)
    if (given !== length)
      throw new InvalidOptionsError(`candles.${name}`, `${length} numbers, as many as "time" has`, given)
  }
  return { length, at: (i) => candleAt(columns, i) }
}
