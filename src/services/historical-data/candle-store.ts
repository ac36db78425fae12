import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { candleAt, createColumns } from './candles.ts'
import type { Candle, CandleColumns } from './candles.ts'
import { chunkSpan, decodeChunk, encodeChunk, lowerBound, mergeChunk } from './chunk.ts'
import type { ChunkMerge } from './chunk.ts'
import type { Interval } from './interval.ts'

/**
 * What is stored of one symbol at one interval. `first` and `last` are the times of its outermost candles, epoch ms.
 */
export interface Series {
  id: number
  symbol: string
  interval: Interval
  count: number
  first: number
  last: number
}

export interface WriteResult {
  inserted: number
  /** Candles that were stored with other values before. */
  updated: number
  /** These are the first candles of this symbol at this interval. */
  created: boolean
}

/** Rows `start` to `end` (exclusive) of `columns`, which are views of a chunk. */
export interface ChunkPart {
  columns: CandleColumns
  start: number
  end: number
}

/** Chunks read at a time: 48 KiB each at most. Guessed: enough that a read costs no more than a cursor does. */
const CHUNKS_AT_ONCE = 32

/** Candles in and out of the database. Knows nothing of transactions: the caller opens them. */
export class CandleStore {
  readonly #allSeries: StatementSync
  readonly #seriesOfSymbol: StatementSync
  readonly #seriesId: StatementSync
  readonly #putSeries: StatementSync
  readonly #chunks: StatementSync
  readonly #putChunk: StatementSync

  constructor(db: DatabaseSync) {
    this.#allSeries = db.prepare('SELECT * FROM series ORDER BY symbol, id')
    this.#seriesOfSymbol = db.prepare('SELECT * FROM series WHERE symbol = ?')
    this.#seriesId = db.prepare('SELECT id FROM series WHERE symbol = ? AND interval = ?')
    this.#putSeries = db.prepare(
      `INSERT INTO series (symbol, interval, count, first, last) VALUES (:symbol, :interval, :count, :first, :last)
       ON CONFLICT (symbol, interval) DO UPDATE
       SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)
       RETURNING id`,
    )
    this.#chunks = db.prepare(
      `SELECT bucket, candles FROM chunk WHERE series = ? AND bucket BETWEEN ? AND ? ORDER BY bucket LIMIT ${CHUNKS_AT_ONCE}`,
    )
    this.#putChunk = db.prepare(
      `INSERT INTO chunk (series, bucket, candles) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET candles = excluded.candles`,
    )
  }

  list(): Series[] {
    return this.#allSeries.all().map(toSeries)
  }

  seriesOf(symbol: string): Series[] {
    return this.#seriesOfSymbol.all(symbol).map(toSeries)
  }

  /** The candles of a series with `from` <= time < `to` (epoch ms), oldest first, chunk by chunk; no part is empty. */
  *read(series: Series, from: number, to: number): Generator<ChunkPart, void, undefined> {
    const span = chunkSpan(series.interval)
    const [start, end] = [Math.max(from, series.first), Math.min(to, series.last + 1)]
    if (start >= end) return
    const last = Math.floor(end / span)
    // Not with a cursor that stays open: other series are read meanwhile, with the same statement.
    for (let bucket = Math.floor(start / span); bucket <= last;) {
      const rows = this.#chunks.all(series.id, bucket, last)
      for (const row of rows) {
        const columns = decodeChunk(row['candles'] as Uint8Array)
        const part = { columns, start: lowerBound(columns.time, start), end: lowerBound(columns.time, end) }
        if (part.start < part.end) yield part
      }
      if (rows.length < CHUNKS_AT_ONCE) return
      bucket = (rows.at(-1)!['bucket'] as number) + 1
    }
  }

  /** The last candle of a series. */
  last(series: Series): Candle | null {
    let last: Candle | null = null
    for (const { columns, end } of this.read(series, series.last, series.last + 1)) last = candleAt(columns, end - 1)
    return last
  }

  /**
   * Inserts candles, or updates those whose time is stored already. `columns`: ascending, without repeats, at least one
   * row.
   */
  write(symbol: string, interval: Interval, columns: CandleColumns): WriteResult {
    const { time } = columns
    const known = this.#seriesId.get(symbol, interval)
    const id = known ? (known['id'] as number) : this.#count(symbol, interval, 0, time)
    const span = chunkSpan(interval)
    const total: WriteResult = { inserted: 0, updated: 0, created: !known }
    for (let start = 0; start < time.length;) {
      const bucket = Math.floor(time[start]! / span)
      const end = lowerBound(time, (bucket + 1) * span, start)
      const merge = this.#merge(id, bucket, columns, start, end)
      if (merge.inserted || merge.updated) this.#putChunk.run(id, bucket, encodeChunk(merge.columns))
      total.inserted += merge.inserted
      total.updated += merge.updated
      start = end
    }
    if (total.inserted) this.#count(symbol, interval, total.inserted, time)
    return total
  }

  #merge(series: number, bucket: number, columns: CandleColumns, start: number, end: number): ChunkMerge {
    const row = this.#chunks.get(series, bucket, bucket)
    const stored = row ? decodeChunk(row['candles'] as Uint8Array) : createColumns(0)
    return mergeChunk(stored, {
      time: columns.time.subarray(start, end),
      open: columns.open.subarray(start, end),
      high: columns.high.subarray(start, end),
      low: columns.low.subarray(start, end),
      close: columns.close.subarray(start, end),
      volume: columns.volume.subarray(start, end),
    })
  }

  /**
   * Adds to a series' count and widens its range to `time`, ascending; makes the series first where there is none.
   * Returns its id.
   */
  #count(symbol: string, interval: Interval, count: number, time: Float64Array): number {
    const row = this.#putSeries.get({ symbol, interval, count, first: time[0]!, last: time.at(-1)! })
    return row?.['id'] as number
  }
}

function toSeries(row: Record<string, unknown>): Series {
  return { ...row } as unknown as Series // the table is STRICT, and its columns are these
}
