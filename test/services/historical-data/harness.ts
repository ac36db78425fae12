import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { HistoricalDataApi } from '../../../src/services/historical-data/api.ts'
import type { Candle } from '../../../src/services/historical-data/candles.ts'
import type { HistoricalDataConfig } from '../../../src/services/historical-data/config.ts'
import { barEnd } from '../../../src/services/historical-data/interval.ts'
import type { Interval } from '../../../src/services/historical-data/interval.ts'
import { openHistoricalData } from '../../../src/services/historical-data/service.ts'
import type { HistoricalDataInternals } from '../../../src/services/historical-data/service.ts'
import type { ComponentLogger, PressureLevel } from '../../../src/worker.ts'

/** A directory that goes with the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-candles-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const ignore = (): void => {}
const silent: ComponentLogger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  level: 'silent',
  child: () => silent,
  isLevelEnabled: () => false,
  bindings: () => ({}),
}

export interface Opened {
  api: HistoricalDataApi
  path: string
  /** What was reported with reportMemory, in order. */
  reported: number[]
  unloading: AbortController
  pressure: (level: PressureLevel) => void
  listeners: Set<(level: PressureLevel) => void | Promise<void>>
}

/** The service on a real file, closed with the test. */
export async function open(
  config: Partial<HistoricalDataConfig> = {},
  internals: HistoricalDataInternals = {},
): Promise<Opened> {
  const path = config.path ?? join(tempDir(), 'candles.db')
  const listeners: Opened['listeners'] = new Set()
  const reported: number[] = []
  const unloading = new AbortController()
  const context = {
    logger: silent,
    signal: unloading.signal,
    dependencies: {},
    reportMemory: (bytes: number) => void reported.push(bytes),
    onPressure(listener: (level: PressureLevel) => void | Promise<void>) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const api = await openHistoricalData({ timeout: 100, ...config, path }, context, internals)
  onTestFinished(() => api[Symbol.dispose]())
  const pressure = (level: PressureLevel): void => listeners.forEach((listener) => void listener(level))
  return { api, path, reported, unloading, pressure, listeners }
}

/** `count` candles one after the other, each with other prices: 10 + i, and volume i + 1. */
export function candles(start: number, interval: Interval, count: number): Candle[] {
  const made: Candle[] = []
  for (let i = 0, time = start; i < count; i++, time = barEnd(interval, time)) {
    made.push({ time, open: 10 + i, high: 12 + i, low: 9 + i, close: 11 + i, volume: i + 1 })
  }
  return made
}

export async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of stream) all.push(item)
  return all
}

export const utc = (text: string): number => Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00Z`)
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
