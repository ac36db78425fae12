/** A line of an import that was left out. */
export interface BadLine {
  /** From 1, the header being the first. */
  line: number
  reason: string
}

/** How far an import is. Counts are since its start. */
export interface ImportProgress {
  /** Bytes of the source that have been read, of `totalBytes`. */
  bytes: number
  totalBytes: number
  /** Candles read. */
  rows: number
  /** Lines left out as they are no candles; see `badLines`. */
  skipped: number
  /**
   * Of the candles read, those that were not stored before; what is neither inserted nor updated was stored just so.
   */
  inserted: number
  updated: number
  /** The first lines that were left out, at most 20; empty before the last progress. */
  badLines: BadLine[]
  /** True for the last progress, and only once everything is stored. */
  done: boolean
}

/** How many of the bad lines are reported one by one. */
export const MAX_BAD_LINES = 20
