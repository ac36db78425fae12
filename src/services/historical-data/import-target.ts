import type { DatabaseSync } from 'node:sqlite'
import type { CandleColumns } from './candles.ts'
import { CandleStore } from './candle-store.ts'
import type { WriteResult } from './candle-store.ts'
import { inTransaction } from './database.ts'
import type { CandleTarget } from './import-run.ts'
import type { Interval } from './interval.ts'

export interface ImportTargetOptions {
  symbol: string
  interval: Interval
  /** Runs an attempt again while the database is locked. */
  retry: <T>(attempt: () => T) => Promise<T>
  /** Told of every write that has become visible, with the range of times written (epoch ms, inclusive). */
  onWritten: (result: WriteResult, first: number, last: number) => void
}

/** A transaction per batch: what was written stays, however the import ends. */
export function perBatch(db: DatabaseSync, store: CandleStore, options: ImportTargetOptions): CandleTarget {
  const { symbol, interval, retry, onWritten } = options
  return {
    async write(candles) {
      const result = await retry(() => inTransaction(db, 'IMMEDIATE', () => store.write(symbol, interval, candles)))
      onWritten(result, candles.time[0]!, candles.time.at(-1)!)
      return result
    },
    commit() {},
    [Symbol.dispose]() {},
  }
}

/**
 * One transaction for everything, on a connection of its own: others read the state from before until it is committed,
 * and where it is not, nothing has changed. Meanwhile no one else can write.
 */
export function allOrNothing(open: () => DatabaseSync, options: ImportTargetOptions): CandleTarget {
  const { symbol, interval, retry, onWritten } = options
  let connection: { db: DatabaseSync; store: CandleStore } | undefined
  let closed = false
  let written: { result: WriteResult; first: number; last: number } | undefined

  const begin = (): { db: DatabaseSync; store: CandleStore } => {
    if (closed) throw new Error('The import was ended: the service was closed')
    const db = open()
    try {
      db.exec('BEGIN IMMEDIATE')
      return { db, store: new CandleStore(db) }
    } catch (error) {
      db.close()
      throw error
    }
  }

  return {
    async write(candles: CandleColumns) {
      const { store } = (connection ??= await retry(begin))
      const result = store.write(symbol, interval, candles)
      written = {
        result: { ...result, created: result.created || written?.result.created === true },
        first: Math.min(candles.time[0]!, written?.first ?? Infinity),
        last: Math.max(candles.time.at(-1)!, written?.last ?? -Infinity),
      }
      return result
    },
    commit() {
      connection?.db.exec('COMMIT')
      if (written) onWritten(written.result, written.first, written.last)
    },
    [Symbol.dispose]() {
      closed = true
      // Closing rolls back what is not committed.
      if (connection?.db.isOpen) connection.db.close()
    },
  }
}
