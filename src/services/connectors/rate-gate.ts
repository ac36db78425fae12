import type { Timing } from '../timing/timing.ts'
import { BanRecord } from './ban-record.ts'

/** Statuses with which a server says when to come back: too many requests, banned for a while (Binance), overloaded. */
const PAUSING = new Set([418, 429, 503])

/** ms: the longest wait that is believed. Binance's longest ban is three days (its API's documentation, "IP limits"); more is a mistake. */
const LONGEST_WAIT = 3 * 86_400_000

/**
 * Holds requests back for as long as the exchange demanded with Retry-After. The limits ccxt knows are kept by ccxt
 * itself; this is for what the exchange says.
 */
export class RateGate {
  readonly #timing: Timing
  readonly #record: BanRecord

  /** @param record shared with all who ask that exchange, before this one and beside it. */
  constructor(timing: Timing, record = new BanRecord(undefined, () => timing.now())) {
    this.#timing = timing
    this.#record = record
  }

  /** ms until requests may be made; 0 when they may. */
  get wait(): number {
    return this.#record.left
  }

  /** ms since the epoch; null when open. */
  get opensAt(): number | null {
    const { wait } = this
    return wait > 0 ? this.#timing.now() + wait : null
  }

  observe(status: number, headers: Readonly<Record<string, string>>): void {
    if (!PAUSING.has(status)) return
    const wait = parseRetryAfter(headers['Retry-After'] ?? headers['retry-after'], Date.now())
    if (wait !== undefined) this.#record.extend(wait)
  }
}

/**
 * ms, from seconds or from an HTTP date (RFC 9110, section 10.2.3), three days at most; undefined when it is neither.
 *
 * @param now ms since the epoch.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  // Whole seconds by the standard; some send fractions.
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Math.min(LONGEST_WAIT, Number(value) * 1_000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, date - now))
}
