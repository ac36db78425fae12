import { readSync } from 'node:fs'

const COMMA = 0x2c
const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d

/** Bytes read at a time. A record that does not fit is malformed, so memory stays bounded whatever the file holds. */
const BUFFER_SIZE = 256 * 1024
const MAX_FIELDS = 1024

export type CsvStep = 'record' | 'malformed' | 'end'

/**
 * Reads a file of comma-separated values (RFC 4180) record by record. Fields are given as ranges of bytes, so that
 * numbers can be read without making strings. Lines end with LF, CRLF or CR; a quoted field may hold commas, line ends
 * and doubled quotes; empty lines and a byte order mark are passed over.
 *
 * After a malformed record reading goes on with the line that follows the one it started on: a quote that is never
 * closed spoils one line, not the rest of the file.
 */
export class CsvReader {
  readonly buffer = new Uint8Array(BUFFER_SIZE)
  /**
   * Of the record read last: where each field starts and ends (exclusive) in `buffer`, without its quotes. Valid until
   * the next `next`.
   */
  readonly starts = new Int32Array(MAX_FIELDS)
  readonly ends = new Int32Array(MAX_FIELDS)
  fields = 0
  /** The line the record starts on, from 1. */
  line = 0
  /** Why the record is malformed. */
  problem = ''

  readonly #fd: number
  #position = 0
  #limit = 0
  #read = 0
  #atEnd = false
  /** Lines passed so far. */
  #lines = 0
  /** Line ends inside the record being scanned. */
  #innerLines = 0

  constructor(fd: number) {
    this.#fd = fd
    this.#fill()
    if (this.buffer[0] === 0xef && this.buffer[1] === 0xbb && this.buffer[2] === 0xbf) this.#position = 3
  }

  /** Bytes of the file that have been passed. */
  get bytes(): number {
    return this.#read - (this.#limit - this.#position)
  }

  next(): CsvStep {
    for (;;) {
      if (this.#position === this.#limit && !this.#fill()) return 'end'
      this.line = this.#lines + 1
      const start = this.#position
      const end = this.#scan()
      if (end === 'more') {
        if (this.#limit - this.#position === BUFFER_SIZE) {
          return this.#malformed(`is longer than ${BUFFER_SIZE} bytes, or a quote in it is never closed`)
        }
        this.#fill()
        continue
      }
      if (end === 'malformed') return this.#malformed(this.problem)
      this.#position = end
      this.#lines += 1 + this.#innerLines
      if (this.fields === 1 && this.starts[0] === this.ends[0] && this.buffer[start] !== QUOTE) continue
      return 'record'
    }
  }

  /** A field of the record read last, as text. */
  text(field: number): string {
    return Buffer.from(this.buffer.subarray(this.starts[field], this.ends[field]))
      .toString('utf8')
      .replaceAll('""', '"')
  }

  /** Finds the fields of the record at the position; returns where the next one starts. */
  #scan(): number | 'more' | 'malformed' {
    const { buffer, starts, ends } = this
    const limit = this.#limit
    let at = this.#position
    let fields = 0
    this.#innerLines = 0
    for (;;) {
      if (fields === MAX_FIELDS) return this.#problem(`has more than ${MAX_FIELDS} fields`)
      if (buffer[at] === QUOTE && at < limit) {
        const close = this.#closingQuote(at + 1)
        if (close === -1) return this.#atEnd ? this.#problem('a quote in it is never closed') : 'more'
        starts[fields] = at + 1
        ends[fields++] = close
        at = close + 1
        const next = buffer[at]
        if (at < limit && next !== COMMA && next !== LF && next !== CR) {
          return this.#problem(`has text after the closing quote of field ${fields}`)
        }
      } else {
        starts[fields] = at
        for (; at < limit; at++) {
          const byte = buffer[at]
          if (byte === COMMA || byte === LF || byte === CR) break
        }
        ends[fields++] = at
      }
      if (at === limit && !this.#atEnd) return 'more'
      this.fields = fields
      if (at === limit) return limit
      if (buffer[at] === COMMA) at++
      else if (buffer[at] === LF) return at + 1
      else if (at + 1 < limit || this.#atEnd) return buffer[at + 1] === LF && at + 1 < limit ? at + 2 : at + 1
      else return 'more'
    }
  }

  /** Where the quoted field ends whose content starts at `at`; -1 when its end is not in the buffer. */
  #closingQuote(at: number): number {
    for (; at < this.#limit; at++) {
      const byte = this.buffer[at]
      if (byte === LF || (byte === CR && this.buffer[at + 1] !== LF)) this.#innerLines++
      if (byte !== QUOTE) continue
      if (at + 1 === this.#limit) return this.#atEnd ? at : -1
      if (this.buffer[at + 1] !== QUOTE) return at
      at++
    }
    return -1
  }

  #problem(reason: string): 'malformed' {
    this.problem = reason
    return 'malformed'
  }

  /** Passes over the line the record starts on. */
  #malformed(reason: string): CsvStep {
    this.problem = reason
    this.#lines++
    do {
      for (let at = this.#position; at < this.#limit; at++) {
        this.#position = at + 1
        if (this.#passLineEnd(this.buffer[at])) return 'malformed'
      }
    } while (this.#fill())
    return 'malformed'
  }

  /** With the position behind `byte`: whether that ends a line; passes over the LF of a CRLF, which may not have been read yet. */
  #passLineEnd(byte: number | undefined): boolean {
    if (byte === LF) return true
    if (byte !== CR) return false
    if ((this.#position < this.#limit || this.#fill()) && this.buffer[this.#position] === LF) this.#position++
    return true
  }

  /** Moves what is left to the front of the buffer and reads behind it. False when nothing was added. */
  #fill(): boolean {
    if (this.#position > 0) {
      this.buffer.copyWithin(0, this.#position, this.#limit)
      this.#limit -= this.#position
      this.#position = 0
    }
    if (this.#atEnd || this.#limit === BUFFER_SIZE) return false
    const count = readSync(this.#fd, this.buffer, this.#limit, BUFFER_SIZE - this.#limit, null)
    this.#limit += count
    this.#read += count
    this.#atEnd = count === 0
    return !this.#atEnd
  }
}
