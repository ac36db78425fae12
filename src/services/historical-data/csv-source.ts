import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { InvalidOptionsError } from '../../worker.ts'
import type { CandleBatch } from './candle-batch.ts'
import { candleProblem } from './candle-problem.ts'
import { COLUMNS } from './candles.ts'
import type { Candle } from './candles.ts'
import { parseDecimal, parseTime } from './csv-field.ts'
import { CsvReader } from './csv-reader.ts'
import { CsvLineError } from './errors.ts'
import { MAX_BAD_LINES } from './import-progress.ts'
import type { BadLine } from './import-progress.ts'
import type { CandleSource } from './import-run.ts'
import type { Interval } from './interval.ts'

/** Names of the column with the time, the preferred one first where a file has several. */
const TIME_COLUMNS = ['timestamp', 'time', 'date']
const TIME_EXPECTED = 'ISO 8601, or whole epoch seconds or milliseconds'

export interface CsvSourceOptions {
  file: string
  interval: Interval
  /** 'abort' throws at the first line that is no candle, 'skip' leaves it out and notes it. */
  onError: 'abort' | 'skip'
}

/**
 * Candles from a CSV file whose first line names its columns.
 * @throws InvalidOptionsError for a file that cannot be read, CsvLineError for a header without all the columns.
 */
export class CsvSource implements CandleSource {
  readonly totalBytes: number
  readonly badLines: BadLine[] = []
  skipped = 0
  readonly #options: CsvSourceOptions
  readonly #fd: number
  readonly #reader: CsvReader
  /** Where each of COLUMNS is in the file. */
  readonly #fields: Record<(typeof COLUMNS)[number], number>
  readonly #width: number
  readonly #candle: Candle = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 }
  #open = true

  constructor(options: CsvSourceOptions) {
    this.#options = options
    this.#fd = openFile(options.file)
    try {
      const stats = fstatSync(this.#fd)
      // A pipe or a device could keep the thread waiting for ever.
      if (!stats.isFile()) throw new InvalidOptionsError('file', 'a CSV file', `${options.file}, which is not a file`)
      this.totalBytes = stats.size
      this.#reader = new CsvReader(this.#fd)
      if (this.#reader.next() !== 'record') throw this.#lineError(1, 'there is no header')
      this.#width = this.#reader.fields
      this.#fields = this.#readHeader()
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  get bytes(): number {
    return this.#reader.bytes
  }

  fill(batch: CandleBatch): boolean {
    // The number of a closed file may be another file's by now.
    if (!this.#open) throw new Error(`The import of ${this.#options.file} was ended: the service was closed`)
    for (let lines = 0; lines < batch.capacity; lines++) {
      const step = this.#reader.next()
      if (step === 'end') return false
      const problem = step === 'malformed' ? this.#reader.problem : this.#readCandle()
      if (problem === undefined) batch.push(this.#candle)
      else this.#reject(this.#reader.line, problem)
    }
    return true
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#fd)
    this.#open = false
  }

  #readHeader(): Record<(typeof COLUMNS)[number], number> {
    const names = Array.from({ length: this.#width }, (_, i) => this.#reader.text(i).trim().toLowerCase())
    const missing: string[] = []
    const find = (...aliases: string[]): number => {
      const name = aliases.find((alias) => names.includes(alias))
      if (name === undefined) missing.push(aliases.join(' or '))
      else if (names.indexOf(name) !== names.lastIndexOf(name)) {
        throw this.#lineError(this.#reader.line, `the header has column "${name}" twice`)
      }
      return name === undefined ? -1 : names.indexOf(name)
    }
    const fields = {
      time: find(...TIME_COLUMNS),
      open: find('open'),
      high: find('high'),
      low: find('low'),
      close: find('close'),
      volume: find('volume'),
    }
    if (missing.length > 0) {
      const shown = names.slice(0, 20).join(', ')
      throw this.#lineError(this.#reader.line, `the header lacks ${missing.join(', ')}; it has: ${shown}`)
    }
    return fields
  }

  /** Reads the record into `#candle`; returns what is wrong with it. */
  #readCandle(): string | undefined {
    const { buffer, starts, ends, fields } = this.#reader
    if (fields !== this.#width) return `has ${fields} fields where the header has ${this.#width}`
    const candle = this.#candle
    for (const column of COLUMNS) {
      const field = this.#fields[column]
      const parse = column === 'time' ? parseTime : parseDecimal
      const value = parse(buffer, starts[field]!, ends[field]!)
      if (Number.isNaN(value)) {
        const text = this.#reader.text(field)
        const expected = column === 'time' ? TIME_EXPECTED : 'a number'
        return `${column} ${JSON.stringify(text.slice(0, 40))} is not ${expected}`
      }
      candle[column] = value
    }
    return candleProblem(candle, this.#options.interval)
  }

  #reject(line: number, reason: string): void {
    if (this.#options.onError === 'abort') throw this.#lineError(line, reason)
    this.skipped++
    if (this.badLines.length < MAX_BAD_LINES) this.badLines.push({ line, reason })
  }

  #lineError(line: number, reason: string): CsvLineError {
    return new CsvLineError(this.#options.file, line, reason)
  }
}

function openFile(file: string): number {
  try {
    // Not to wait for a writer, should it be a pipe.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new InvalidOptionsError('file', 'a CSV file that can be read', file, { cause: error })
  }
}
