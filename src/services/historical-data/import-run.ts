import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CandleBatch } from './candle-batch.ts'
import type { CandleColumns } from './candles.ts'
import type { WriteResult } from './candle-store.ts'
import type { BadLine, ImportProgress } from './import-progress.ts'

/** Where the candles of an import come from. */
export interface CandleSource extends Disposable {
  /** How much has been read, of how much. */
  readonly bytes: number
  readonly totalBytes: number
  readonly skipped: number
  readonly badLines: readonly BadLine[]
  /** Adds candles until the batch is full or a comparable amount of work is done. False at the end of the source. */
  fill(batch: CandleBatch): boolean
}

/**
 * Where they go. What was written but not committed by the time of disposal is undone, where the target can do that.
 */
export interface CandleTarget extends Disposable {
  write(candles: CandleColumns): Promise<WriteResult>
  commit(): void
}

/** The least time between two reports of progress, ms. */
const REPORT_INTERVAL = 100

/**
 * Moves everything from `source` to `target`, a batch at a time. After each batch the thread's other work has its turn;
 * nothing is held over one but what the target holds. Ending the iteration early ends the import, and disposes of both.
 */
export async function* runImport(
  source: CandleSource,
  target: CandleTarget,
  batch: CandleBatch,
  { signal, now }: { signal: AbortSignal; now: () => number },
): AsyncGenerator<ImportProgress, void, undefined> {
  using _source = source
  using _target = target
  let rows = 0
  let inserted = 0
  let updated = 0
  let reported = now()
  const progress = (done: boolean): ImportProgress => ({
    bytes: source.bytes,
    totalBytes: source.totalBytes,
    rows,
    skipped: source.skipped,
    inserted,
    updated,
    badLines: done ? [...source.badLines] : [],
    done,
  })
  for (let more = true; more;) {
    signal.throwIfAborted()
    more = source.fill(batch)
    rows += batch.length
    if (batch.length > 0) {
      const result = await target.write(batch.take())
      inserted += result.inserted
      updated += result.updated
    }
    if (more && now() - reported >= REPORT_INTERVAL) {
      reported = now()
      yield progress(false)
    }
    await nextTurn()
  }
  target.commit()
  yield progress(true)
}
