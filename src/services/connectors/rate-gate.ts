import type { Timing } from './timing.ts'

/** Statuses with which a server says when to come back: too many requests, banned for a while (Binance), overloaded. */
const PAUSING = new Set([418, 429, 503])

/**
 * Holds requests back for as long as the exchange demanded with Retry-After. The limits ccxt knows are kept by ccxt
 * itself; this is for what the exchange says.
 */
export class RateGate {
  readonly #timing: Timing
  #opensAt = 0

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /** ms until requests may be made; 0 when they may. */
  get wait(): number {
    return Math.max(0, this.#opensAt - this.#timing.now())
  }

  /** ms since the epoch; null when open. */
  get opensAt(): number | null {
    return this.wait > 0 ? this.#opensAt : null
  }

  observe(status: number, headers: Readonly<Record<string, string>>): void {
    if (!PAUSING.has(status)) return
    const wait = parseRetryAfter(headers['Retry-After'] ?? headers['retry-after'], this.#timing.now())
    if (wait !== undefined) this.#opensAt = Math.max(this.#opensAt, this.#timing.now() + wait)
  }
}

/** ms, from seconds or from an HTTP date (RFC 9110, section 10.2.3); undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
