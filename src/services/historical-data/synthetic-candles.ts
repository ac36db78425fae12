import { InvalidOptionsError } from '../../worker.ts'
import { checkKnown, checkNumber, checkObject } from '../option-checks.ts'
import { candleProblem } from './candle-problem.ts'
import { BYTES_PER_CANDLE, createColumns } from './candles.ts'
import type { Candle, Candles } from './candles.ts'
import type { CandleBatch } from './candle-batch.ts'
import type { CandleSource } from './import-run.ts'
import { barEnd, barStart, parseInterval } from './interval.ts'
import type { Interval } from './interval.ts'
import { parseSymbol } from './query.ts'

/** Parameters of made-up candles. The same ones give the same candles, whatever the `count`. */
export interface SyntheticOptions {
  /** Default 'SYNTHETIC', so that nobody takes them for a market's. */
  symbol?: string
  /** A whole number from 0 to 2^32 - 1. */
  seed: number
  /** How many candles; there are no gaps. */
  count: number
  /** Epoch ms; the first candle is the bar that holds it. Default 2020-01-01T00:00Z. */
  start?: number
  /** Default '1m'. */
  interval?: Interval
  /** Above 0. Default 100. */
  startPrice?: number
  /**
   * Standard deviation of a candle's logarithmic return, above 0 up to 0.5. Default 0.0005, half a percent in a hundred
   * minutes.
   */
  volatility?: number
}

/**
 * SYNTHETIC candles, not a market's: a seeded random walk of the logarithm of the price, drawn back to `startPrice`
 * just enough to stay near it (mostly between half and double) over any number of candles.
 *
 * @throws InvalidOptionsError
 */
export function generateCandles(options: SyntheticOptions): Candles {
  const parsed = parseSyntheticOptions(options)
  const { symbol, interval, count } = parsed
  const columns = createColumns(count)
  const next = createWalk(parsed)
  for (let i = 0; i < count; i++) {
    const candle = next()
    columns.time[i] = candle.time
    columns.open[i] = candle.open
    columns.high[i] = candle.high
    columns.low[i] = candle.low
    columns.close[i] = candle.close
    columns.volume[i] = candle.volume
  }
  return { symbol, interval, length: count, ...columns }
}

/** @throws InvalidOptionsError */
export function parseSyntheticOptions(options: SyntheticOptions): Required<SyntheticOptions> {
  checkObject('options', options)
  checkKnown(options, ['symbol', 'seed', 'count', 'start', 'interval', 'startPrice', 'volatility'])
  const { symbol = 'SYNTHETIC', seed, count, start = Date.UTC(2020, 0, 1), interval = '1m' } = options
  const { startPrice = 100, volatility = 0.0005 } = options
  if (!(startPrice > 0 && startPrice < Infinity)) {
    throw new InvalidOptionsError('startPrice', 'a finite number above 0', startPrice)
  }
  if (!(volatility > 0 && volatility <= 0.5)) {
    throw new InvalidOptionsError('volatility', 'a number above 0 up to 0.5', volatility)
  }
  parseInterval(interval)
  const first = barStart(interval, start)
  const sample: Candle = { time: first, open: 1, high: 1, low: 1, close: 1, volume: 1 }
  if (candleProblem(sample, interval)) {
    throw new InvalidOptionsError('start', 'epoch ms between the years 1000 and 9999', start)
  }
  return {
    symbol: parseSymbol(symbol),
    seed: checkNumber('seed', seed, { min: 0, max: 2 ** 32 - 1, whole: true }),
    count: checkNumber('count', count, { min: 0, max: 100_000_000, whole: true }),
    start: first,
    interval,
    startPrice,
    volatility,
  }
}

/** The same candles as generateCandles, a batch at a time. */
export class SyntheticSource implements CandleSource {
  readonly skipped = 0
  readonly badLines = []
  readonly totalBytes: number
  readonly #next: () => Candle
  #left: number

  constructor(options: Required<SyntheticOptions>) {
    this.totalBytes = options.count * BYTES_PER_CANDLE
    this.#left = options.count
    this.#next = createWalk(options)
  }

  get bytes(): number {
    return this.totalBytes - this.#left * BYTES_PER_CANDLE
  }

  fill(batch: CandleBatch): boolean {
    for (; this.#left > 0 && batch.length < batch.capacity; this.#left--) batch.push(this.#next())
    return this.#left > 0
  }

  [Symbol.dispose](): void {}
}

/** Returns a function that gives one candle after the other, in one object that it uses again. */
function createWalk({ seed, start, interval, startPrice, volatility }: Required<SyntheticOptions>): () => Candle {
  const random = createRandom(seed)
  const candle: Candle = { time: start, open: startPrice, high: 0, low: 0, close: startPrice, volume: 0 }
  let nextTime = start
  let logPrice = 0
  // An autoregressive step x' = (1 - k) x + v n has, for small v, a standard deviation of v / sqrt(2 k): with
  // k = v^2, of 0.7.
  const pull = volatility ** 2
  return () => {
    // The sum of three uniform numbers, scaled to mean 0 and standard deviation 1: near enough to normal, and bounded.
    const normal = (random() + random() + random() - 1.5) * 2
    const change = volatility * normal - pull * logPrice
    logPrice += change
    candle.time = nextTime
    candle.open = candle.close
    candle.close = startPrice * Math.exp(logPrice)
    candle.high = Math.max(candle.open, candle.close) * (1 + volatility * random())
    candle.low = Math.min(candle.open, candle.close) * (1 - volatility * random())
    candle.volume = Math.round(1000 * (0.5 + random()) * (1 + Math.abs(normal)))
    nextTime = barEnd(interval, nextTime)
    return candle
  }
}

/** Mulberry32 (T. Ettinger, public domain): 32 bits of state, from 0 up to 1 exclusive. */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
