import { InvalidOptionsError } from '../../worker.ts'
import { messageOf } from '../thrown.ts'
import { checkKnown, checkNumber, checkObject } from '../option-checks.ts'
import type { GapFiller } from './gap-filler.ts'
import { barStart, parseInterval, shortestBar } from './interval.ts'
import type { Interval } from './interval.ts'
import { parseSymbol } from './query.ts'
import type { TimeRange } from './time-ranges.ts'

export interface PrefetchOptions {
  /** Epoch ms. Default: 1,000 bars before `to`. */
  from?: number
  /** Epoch ms. Default: now. */
  to?: number
  /** Symbols at a time. Default 4. */
  concurrency?: number
}

/** How far a prefetch is; each report is of one symbol. */
export interface PrefetchProgress {
  symbol: string
  interval: Interval
  /** 'done': all that the connector has of it is stored. 'failed': see `error`; the other symbols go on. */
  state: 'fetching' | 'done' | 'failed'
  /** Candles of this symbol that were missing at first, and that have been fetched since; a source may have fewer than are missing. */
  missing: number
  fetched: number
  /** Symbols that are done or failed, of how many. */
  completed: number
  total: number
  /** Of a failed one. */
  error?: { code: string | undefined; name: string; message: string }
}

export interface PrefetchOrder {
  readonly symbols: readonly string[]
  readonly interval: Interval
  readonly range: TimeRange
  readonly concurrency: number
}

const DEFAULT_BARS = 1_000

/** @throws InvalidOptionsError */
export function parsePrefetch(
  symbols: readonly string[],
  interval: unknown,
  options: PrefetchOptions = {},
  now: number,
): PrefetchOrder {
  if (!Array.isArray(symbols)) throw new InvalidOptionsError('symbols', 'an array of symbols', symbols)
  checkObject('options', options)
  checkKnown(options, ['from', 'to', 'concurrency'])
  const bar = parseInterval(interval)
  const to = checkNumber('to', options.to ?? now)
  const from = checkNumber('from', options.from ?? barStart(bar, to) - DEFAULT_BARS * shortestBar(bar))
  if (from > to) throw new InvalidOptionsError('from', `a time not after "to" (${to})`, from)
  return {
    symbols: [...new Set(symbols.map((symbol) => parseSymbol(symbol)))],
    interval: bar,
    range: { start: from, end: to },
    concurrency: checkNumber('concurrency', options.concurrency ?? 4, { min: 1, max: 100, whole: true }),
  }
}

/** Fetches what is missing, some symbols at a time. Breaking off the iteration starts no further symbols. */
export async function* runPrefetch(
  filler: GapFiller,
  { symbols, interval, range, concurrency }: PrefetchOrder,
): AsyncGenerator<PrefetchProgress, void, undefined> {
  const total = symbols.length
  const waiting = [...symbols]
  const reports: PrefetchProgress[] = []
  let completed = 0
  let news = Promise.withResolvers<void>()
  const report = (progress: Omit<PrefetchProgress, 'interval' | 'completed' | 'total'>): void => {
    if (progress.state !== 'fetching') completed++
    reports.push({ ...progress, interval, completed, total })
    news.resolve()
  }
  const fetchOne = async (symbol: string): Promise<void> => {
    let missing = 0
    let fetched = 0
    try {
      missing = await filler.count(symbol, interval, range)
      await filler.fill(symbol, interval, range, Infinity, (candles) => {
        fetched += candles
        report({ symbol, state: 'fetching', missing, fetched })
      })
      report({ symbol, state: 'done', missing, fetched })
    } catch (error) {
      report({ symbol, state: 'failed', missing, fetched, error: described(error) })
    }
  }
  const run = async (): Promise<void> => {
    for (let symbol = waiting.shift(); symbol !== undefined; symbol = waiting.shift()) await fetchOne(symbol)
  }
  void Promise.all(Array.from({ length: Math.min(concurrency, total) }, run))
  try {
    for (let left = total; left > 0;) {
      if (reports.length === 0) await news.promise
      news = Promise.withResolvers()
      for (const progress of reports.splice(0)) {
        left = total - progress.completed
        yield progress
      }
    }
  } finally {
    waiting.length = 0
  }
}

/** How each symbol ended: 'done' or 'failed'. */
export async function outcomes(steps: AsyncIterable<PrefetchProgress>): Promise<PrefetchProgress[]> {
  const ended: PrefetchProgress[] = []
  for await (const step of steps) if (step.state !== 'fetching') ended.push(step)
  return ended
}

function described(error: unknown): PrefetchProgress['error'] & object {
  if (!(error instanceof Error)) return { code: undefined, name: 'Error', message: messageOf(error) }
  const code: unknown = 'code' in error ? error.code : undefined
  return { code: typeof code === 'string' ? code : undefined, name: error.name, message: error.message }
}
