import { LRUCache } from 'lru-cache'
import { BYTES_PER_CANDLE, sliceColumns } from './candles.ts'
import type { Candles } from './candles.ts'
import type { Interval } from './interval.ts'

export interface CacheStats {
  entries: number
  /** Of the entries, by their columns. */
  bytes: number
  maxBytes: number
  hits: number
  misses: number
  /** Entries that went because of the bound on bytes or of memory pressure. */
  evictions: number
  /** ms */
  ttl: number
}

export interface CandleQuery {
  symbol: string
  from: number
  to: number
  interval: Interval
}

interface Entry {
  query: CandleQuery
  candles: Candles
}

/** The part of an entry that is not columns: key, objects, six buffers. Estimated. */
const BYTES_PER_ENTRY = 1024

const keyOf = ({ symbol, from, to, interval }: CandleQuery): string => `${interval} ${from} ${to} ${symbol}`

/** Results by query, the least recently used ones going first once they pass `maxBytes`. */
export class CandleCache {
  readonly #maxBytes: number
  readonly #ttl: number
  readonly #entries: LRUCache<string, Entry> | undefined
  #hits = 0
  #misses = 0
  #evictions = 0

  /** `maxBytes` 0 keeps nothing. `now`: a clock in ms. */
  constructor(maxBytes: number, ttl: number, now: () => number = () => performance.now()) {
    this.#maxBytes = maxBytes
    this.#ttl = ttl
    if (maxBytes === 0) return // lru-cache takes 0 for "no bound"
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ candles }) => candles.length * BYTES_PER_CANDLE + BYTES_PER_ENTRY,
      ttl,
      ttlResolution: 0,
      perf: { now },
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.#evictions++
      },
    })
  }

  /** A copy in buffers of its own, which may be moved away. */
  get(query: CandleQuery): Candles | undefined {
    const entry = this.#entries?.get(keyOf(query))
    if (!entry) {
      this.#misses++
      return undefined
    }
    this.#hits++
    return copyOf(entry.candles)
  }

  /** Keeps a copy; what alone is larger than the bound is not kept. */
  set(query: CandleQuery, candles: Candles): void {
    if (candles.length * BYTES_PER_CANDLE + BYTES_PER_ENTRY > this.#maxBytes) return
    this.#entries?.set(keyOf(query), { query, candles: copyOf(candles) })
  }

  /** Drops what was built from candles of `symbol` in the range `first` to `last` (epoch ms, both inclusive). */
  invalidate(symbol: string, first: number, last: number): void {
    if (!this.#entries) return
    const stale = [...this.#entries].filter(
      ([, { query }]) => query.symbol === symbol && query.from <= last && query.to > first,
    )
    for (const [key] of stale) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries?.clear()
  }

  /** Gives back memory: all of it, or the half that was used least recently. */
  trim(how: 'all' | 'half'): void {
    if (!this.#entries) return
    this.#entries.purgeStale()
    const target = how === 'all' ? 0 : this.#entries.calculatedSize / 2
    while (this.#entries.size > 0 && this.#entries.calculatedSize > target) this.#entries.pop()
  }

  stats(): CacheStats {
    this.#entries?.purgeStale()
    return {
      entries: this.#entries?.size ?? 0,
      bytes: this.#entries?.calculatedSize ?? 0,
      maxBytes: this.#maxBytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      ttl: this.#ttl,
    }
  }
}

function copyOf(candles: Candles): Candles {
  const { symbol, interval, length } = candles
  return { symbol, interval, length, ...sliceColumns(candles) }
}
