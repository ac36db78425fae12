import { expect, test } from 'vitest'
import { isInvalidOptionsError } from '../../../../src/contract/errors.ts'
import { candleProblem } from '../../../../src/services/historical-data/candle-problem.ts'
import { rows } from '../../../../src/services/historical-data/candles.ts'
import { INTERVALS } from '../../../../src/services/historical-data/interval.ts'
import { generateCandles } from '../../../../src/services/historical-data/synthetic-candles.ts'
import type { SyntheticOptions } from '../../../../src/services/historical-data/synthetic-candles.ts'
import { utc } from '../../../services/historical-data/harness.ts'

const T = utc('2020-01-01')

test('the same options give the same candles, other seeds other ones', () => {
  const options: SyntheticOptions = { seed: 42, count: 500 }
  const made = generateCandles(options)
  expect(made).toMatchObject({ symbol: 'SYNTHETIC', interval: '1m', length: 500 })
  expect(generateCandles(options)).toEqual(made)
  expect(generateCandles({ ...options, seed: 43 }).close).not.toEqual(made.close)
  expect(generateCandles({ ...options, count: 200 }).close).toEqual(made.close.slice(0, 200))
  expect(made.time[0]).toBe(T)
  expect(made.open[0]).toBe(100)
})

test.each(INTERVALS)('all %s candles are sound, and follow each other without a gap', (interval) => {
  const made = generateCandles({ seed: 1, count: 1000, interval, start: utc('2019-05-17T13:37:11'), volatility: 0.5 })
  const all = [...rows(made)]
  expect(all.map((candle) => candleProblem(candle, interval)).filter(Boolean)).toEqual([])
  all.slice(1).forEach((candle, i) => {
    expect(candle.open).toBe(all[i]!.close)
    expect(candle.time).toBeGreaterThan(all[i]!.time)
  })
})

test('prices wander, at about the volatility asked for, and stay near where they started', () => {
  const volatility = 0.001
  const { open, close, low, high } = generateCandles({ seed: 9, count: 300_000, startPrice: 50, volatility })
  const returns = close.map((price, i) => Math.log(price / open[i]!))
  const deviation = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) / returns.length)
  expect(deviation).toBeGreaterThan(volatility * 0.97)
  expect(deviation).toBeLessThan(volatility * 1.03)
  const [lowest, highest] = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))]
  expect(lowest).toBeGreaterThan(50 / 20)
  expect(highest).toBeLessThan(50 * 20)
  expect(highest / lowest).toBeGreaterThan(1.2)
})

test.each<[string, object]>([
  ['seed', { count: 1 }],
  ['seed', { seed: -1, count: 1 }],
  ['seed', { seed: 2 ** 32, count: 1 }],
  ['count', { seed: 1 }],
  ['count', { seed: 1, count: -1 }],
  ['start', { seed: 1, count: 1, start: Number.NaN }],
  ['start', { seed: 1, count: 1, start: 1e18 }],
  ['interval', { seed: 1, count: 1, interval: '2m' }],
  ['startPrice', { seed: 1, count: 1, startPrice: 0 }],
  ['volatility', { seed: 1, count: 1, volatility: 0.6 }],
  ['symbol', { seed: 1, count: 1, symbol: '' }],
])('a bad %s is named', (option, options) => {
  let thrown: unknown
  try {
    generateCandles(options as SyntheticOptions)
  } catch (error) {
    thrown = error
  }
  expect(isInvalidOptionsError(thrown) && thrown.option).toBe(option)
})
