import { registerErrorClass, SpillwayError } from '../../worker.ts'
import type { SpillwayErrorOptions } from '../../worker.ts'

/** A line of a CSV file that is not a candle. `line` counts from 1, the header being the first. */
export class CsvLineError extends SpillwayError {
  readonly code = 'ERR_CSV_LINE'
  readonly file: string
  readonly line: number
  readonly reason: string

  constructor(file: string, line: number, reason: string, options?: SpillwayErrorOptions) {
    super(`${file}, line ${line}: ${reason}`, options)
    this.file = file
    this.line = line
    this.reason = reason
  }
}
export const isCsvLineError = registerErrorClass('ERR_CSV_LINE', CsvLineError)

/** Another connection held the database for longer than the busy timeout (ms). Nothing was written. */
export class DatabaseLockedError extends SpillwayError {
  readonly code = 'ERR_DATABASE_LOCKED'
  readonly path: string
  readonly timeout: number

  constructor(path: string, timeout: number, holder: string, options?: SpillwayErrorOptions) {
    super(`The database is locked by ${holder}: ${path} was not free within ${timeout} ms`, options)
    this.path = path
    this.timeout = timeout
  }
}
export const isDatabaseLockedError = registerErrorClass('ERR_DATABASE_LOCKED', DatabaseLockedError)

/** Candles that are not stored could not be fetched. `cause` is why; what was fetched before is stored. */
export class CandleFetchError extends SpillwayError {
  readonly code = 'ERR_CANDLE_FETCH'
  /** The component they were to come from. */
  readonly component: string
  readonly symbol: string
  readonly interval: string
  /** Time of the first candle asked for, epoch ms. */
  readonly since: number

  constructor(
    details: { component: string; symbol: string; interval: string; since: number },
    options: SpillwayErrorOptions,
  ) {
    const { component, symbol, interval, since } = details
    const why = options.cause instanceof Error ? options.cause.message : String(options.cause)
    super(
      `${interval} candles of ${symbol} from ${new Date(since).toISOString()} on could not be fetched from "${component}": ${why}`,
      options,
    )
    this.component = component
    this.symbol = symbol
    this.interval = interval
    this.since = since
  }
}
export const isCandleFetchError = registerErrorClass('ERR_CANDLE_FETCH', CandleFetchError)
