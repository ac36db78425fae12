import type { Candle } from './candles.ts'
import { barStart } from './interval.ts'
import type { Interval } from './interval.ts'

/**
 * Candle times are kept to four-digit years: anything else is a unit mistaken, and Date.UTC reads years below 100 as
 * 19xx.
 */
export const EARLIEST_TIME = Date.UTC(1000, 0, 1)
export const LATEST_TIME = Date.UTC(10_000, 0, 1)

/**
 * Why a candle cannot be stored, or undefined when it can: its time must be the start of a bar of the interval, its
 * prices finite with `high` the highest and `low` the lowest of them, its volume finite and not negative. Negative
 * prices have been traded and are allowed.
 */
export function candleProblem(candle: Candle, interval: Interval): string | undefined {
  const { time, open, high, low, close, volume } = candle
  if (!(time >= EARLIEST_TIME && time < LATEST_TIME)) return `time ${time} is not between the years 1000 and 9999`
  if (barStart(interval, time) !== time) {
    const start = new Date(barStart(interval, time)).toISOString()
    const given = new Date(time).toISOString()
    return `time ${given} is not the start of a ${interval} bar (the one it lies in starts at ${start})`
  }
  if (high >= open && high >= close && low <= open && low <= close && high < Infinity && low > -Infinity) {
    if (volume >= 0 && volume < Infinity) return undefined
    return `volume ${volume} is not a finite number from 0 up`
  }
  for (const name of ['open', 'high', 'low', 'close'] as const) {
    if (!Number.isFinite(candle[name])) return `${name} ${candle[name]} is not a finite number`
  }
  const broken = (['open', 'close', 'low'] as const).find((name) => high < candle[name])
  if (broken) return `high ${high} is below ${broken} ${candle[broken]}`
  return `low ${low} is above ${low > open ? `open ${open}` : `close ${close}`}`
}
