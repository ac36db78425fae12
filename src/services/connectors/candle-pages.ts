import { InvalidOptionsError } from '../../worker.ts'
import type { Candle } from '../historical-data/candles.ts'
import { checkKnown, checkNumber, checkObject } from '../option-checks.ts'
import type { CcxtExchange } from './ccxt-module.ts'
import type { CandleQuery } from './market-data.ts'
import { nearestNames, quoted } from './nearest-names.ts'

/** Asked for at once: what nearly every exchange gives. One that gives fewer is asked more often. */
const PAGE = 500
const MAX_CANDLES = 100_000

export interface CandleRequest {
  readonly interval: string
  /** ms */
  readonly step: number
  readonly since: number | undefined
  readonly limit: number
}

/** @throws InvalidOptionsError; of an unknown interval it names those the exchange has. */
export function parseCandleQuery(exchange: CcxtExchange, interval: unknown, query: CandleQuery = {}): CandleRequest {
  const known = Object.keys(exchange.timeframes ?? {})
  if (typeof interval !== 'string' || !known.includes(interval)) {
    const nearest = typeof interval === 'string' ? nearestNames(interval, known, 20) : known
    throw new InvalidOptionsError('interval', `an interval of ${exchange.id}: ${quoted(nearest)}`, interval)
  }
  checkObject('query', query)
  checkKnown(query, ['since', 'limit'], 'query.')
  const { since, limit = PAGE } = query
  return {
    interval,
    step: exchange.parseTimeframe(interval) * 1_000,
    since: since === undefined ? undefined : checkNumber('query.since', since, { min: 0, whole: true }),
    limit: checkNumber('query.limit', limit, { min: 1, max: MAX_CANDLES, whole: true }),
  }
}

/**
 * Candles page by page, oldest first. An empty page is the end: what an exchange has begins somewhere and ends now.
 *
 * @param fetchPage ccxt's rows from `since` on; its own retries included.
 * @param now ms since the epoch.
 */
export async function fetchCandles(
  { step, since, limit }: CandleRequest,
  fetchPage: (since: number | undefined, limit: number) => Promise<readonly Candle[]>,
  now: () => number,
): Promise<Candle[]> {
  if (since === undefined && limit <= PAGE) return (await fetchPage(undefined, limit)).slice(-limit)
  let from = since ?? Math.floor(now() / step) * step - (limit - 1) * step
  const candles: Candle[] = []
  while (candles.length < limit && from <= now()) {
    const page = await fetchPage(from, Math.min(PAGE, limit - candles.length))
    const fresh = page.filter(({ time }) => time >= from)
    candles.push(...fresh)
    const last = fresh.at(-1)
    if (!last) break
    from = last.time + step
  }
  return candles.slice(0, limit)
}
