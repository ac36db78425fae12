import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CandleStore } from './candle-store.ts'
import { barEnd, barStart } from './interval.ts'
import type { Interval } from './interval.ts'
import { subtract, union } from './time-ranges.ts'
import type { TimeRange } from './time-ranges.ts'

/** Beside the tables of the database itself, and made when first needed: a release that knows nothing of it can go on using the file. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS hole (
    symbol TEXT NOT NULL,
    interval TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    PRIMARY KEY (symbol, interval, start)
  ) STRICT, WITHOUT ROWID;
`

export function createCoverageTable(db: DatabaseSync): void {
  db.exec(SCHEMA)
}

/** The bars of an interval that start in a range: how many, or an estimate for months. */
export function barsIn(interval: Interval, { start, end }: TimeRange): number {
  if (end <= start) return 0
  const first = barStart(interval, start)
  return Math.ceil((end - first) / (barEnd(interval, first) - first))
}

/** The start of the first bar that does not start before `time`. */
export function firstBarFrom(interval: Interval, time: number): number {
  const start = barStart(interval, time)
  return start < time ? barEnd(interval, start) : start
}

/**
 * What is known of a symbol at an interval: where candles are stored, and where the source was asked and had none (holes). What is
 * neither is missing. Knows nothing of transactions: the caller opens them.
 */
export class Coverage {
  readonly #store: CandleStore
  readonly #now: () => number
  readonly #maxAge: number
  readonly #holes: StatementSync
  readonly #putHole: StatementSync
  readonly #dropHoles: StatementSync
  /** Ranges without a bar missing, by series, as far as anybody has looked. */
  readonly #stored = new Map<string, TimeRange[]>()

  /**
   * The table must be there.
   *
   * @param maxAge ms that a hole is believed at most. A hole is believed for as long as it was old when the source was asked: what was
   *   missing of the last minutes may only have been late.
   * @param now epoch ms.
   */
  constructor(db: DatabaseSync, store: CandleStore, maxAge: number, now: () => number) {
    this.#store = store
    this.#maxAge = maxAge
    this.#now = now
    const overlapping = 'symbol = ? AND interval = ? AND start < ? AND end > ?'
    this.#holes = db.prepare(`SELECT start, end, checked FROM hole WHERE ${overlapping} ORDER BY start`)
    this.#dropHoles = db.prepare(`DELETE FROM hole WHERE ${overlapping}`)
    this.#putHole = db.prepare('INSERT INTO hole (symbol, interval, start, end, checked) VALUES (?, ?, ?, ?, ?)')
  }

  /** The bars with `start` <= time < `end` that are neither stored nor known not to be there, as ranges from the first to the end of the last. */
  missing(symbol: string, interval: Interval, range: TimeRange): TimeRange[] {
    const bars = { start: firstBarFrom(interval, range.start), end: firstBarFrom(interval, range.end) }
    const holes = this.#holesIn(symbol, interval, bars).filter(({ end, checked }) => this.#believed(end, checked))
    return this.#unstored(symbol, interval, bars).flatMap((gap) => subtract(gap, holes))
  }

  /** The ranges in which candles are stored one after the other. `range`: of whole bars. */
  stored(symbol: string, interval: Interval, range: TimeRange): TimeRange[] {
    return subtract(range, this.#unstored(symbol, interval, range))
  }

  /** The source was asked for this range, of whole bars, and what it had is stored: what is not there is a hole. */
  fetched(symbol: string, interval: Interval, range: TimeRange): void {
    const known = this.#holesIn(symbol, interval, range)
    const checked = this.#now()
    const holes = this.#unstored(symbol, interval, range)
    this.#dropHoles.run(symbol, interval, range.end, range.start)
    // What lies outside of the range of an older hole keeps its age.
    for (const hole of known) {
      for (const { start, end } of subtract(hole, [range]))
        this.#putHole.run(symbol, interval, start, end, hole.checked)
    }
    for (const { start, end } of holes) this.#putHole.run(symbol, interval, start, end, checked)
  }

  /** Somebody else may have changed what is stored. */
  forget(): void {
    this.#stored.clear()
  }

  #believed(end: number, checked: number): boolean {
    const age = Math.min(checked - end, this.#maxAge)
    return this.#now() < checked + age
  }

  #holesIn(
    symbol: string,
    interval: Interval,
    { start, end }: TimeRange,
  ): (TimeRange & { readonly checked: number })[] {
    // The table is STRICT, and its columns are these.
    return this.#holes.all(symbol, interval, end, start) as unknown as (TimeRange & { readonly checked: number })[]
  }

  #unstored(symbol: string, interval: Interval, range: TimeRange): TimeRange[] {
    const key = `${interval} ${symbol}`
    const known = this.#stored.get(key) ?? []
    const unknown = subtract(range, known)
    if (unknown.length === 0) return []
    const missing = unknown.flatMap((gap) => this.#look(symbol, interval, gap))
    let stored = known
    for (const gap of unknown) for (const part of subtract(gap, missing)) stored = union(stored, part)
    this.#stored.set(key, stored)
    return missing
  }

  /** The bars of the range that are not in the database. */
  #look(symbol: string, interval: Interval, range: TimeRange): TimeRange[] {
    const series = this.#store.seriesOf(symbol).find((each) => each.interval === interval)
    if (!series) return [range]
    const missing: TimeRange[] = []
    let next = range.start
    for (const { columns, start, end } of this.#store.read(series, range.start, range.end)) {
      for (let i = start; i < end; i++) {
        const time = columns.time[i]!
        if (time > next) missing.push({ start: next, end: time })
        next = barEnd(interval, time)
      }
    }
    if (next < range.end) missing.push({ start: next, end: range.end })
    return missing
  }
}
