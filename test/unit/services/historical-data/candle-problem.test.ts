import { expect, test } from 'vitest'
import { candleProblem } from '../../../../src/services/historical-data/candle-problem.ts'
import { utc } from '../../../services/historical-data/harness.ts'

const good = { time: utc('2024-01-01'), open: 10, high: 12, low: 9, close: 11, volume: 5 }

test.each([
  {},
  { volume: 0 },
  { open: 12, close: 9 },
  { open: 10, high: 10, low: 10, close: 10 },
  { open: -37, high: -36, low: -40, close: -38 },
])('a sound candle: %o', (change) => {
  expect(candleProblem({ ...good, ...change }, '1d')).toBeUndefined()
})

test.each([
  [{ high: 10.5 }, 'high 10.5 is below close 11'],
  [{ high: 9.5, close: 9 }, 'high 9.5 is below open 10'],
  [{ open: 1, close: 1, high: 2, low: 3 }, 'high 2 is below low 3'],
  [{ low: 10.5 }, 'low 10.5 is above open 10'],
  [{ low: 10.5, open: 11, close: 10 }, 'low 10.5 is above close 10'],
  [{ open: Number.NaN }, 'open NaN is not a finite number'],
  [{ high: Infinity }, 'high Infinity is not a finite number'],
  [{ low: -Infinity }, 'low -Infinity is not a finite number'],
  [{ volume: -1 }, 'volume -1 is not a finite number from 0 up'],
  [{ volume: Number.NaN }, 'volume NaN is not a finite number from 0 up'],
  [{ volume: Infinity }, 'volume Infinity is not a finite number from 0 up'],
  [{ time: Number.NaN }, 'time NaN is not between the years 1000 and 9999'],
  [{ time: 1e17 }, 'time 100000000000000000 is not between the years 1000 and 9999'],
  [
    { time: good.time + 0.5 },
    'time 2024-01-01T00:00:00.000Z is not the start of a 1d bar (the one it lies in starts at 2024-01-01T00:00:00.000Z)',
  ],
  [
    { time: utc('2024-01-01T05:00') },
    'time 2024-01-01T05:00:00.000Z is not the start of a 1d bar (the one it lies in starts at 2024-01-01T00:00:00.000Z)',
  ],
])('what is wrong with %o', (change, problem) => {
  expect(candleProblem({ ...good, ...change }, '1d')).toBe(problem)
})

test('weekly and monthly candles start on Monday and on the 1st', () => {
  expect(candleProblem({ ...good, time: utc('2024-01-08') }, '1w')).toBeUndefined()
  expect(candleProblem({ ...good, time: utc('2024-01-07') }, '1w')).toMatch('not the start of a 1w bar')
  expect(candleProblem({ ...good, time: utc('2024-02-01') }, '1M')).toBeUndefined()
  expect(candleProblem({ ...good, time: utc('2024-02-02') }, '1M')).toMatch('not the start of a 1M bar')
})
