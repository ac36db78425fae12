import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { CsvReader } from '../../../../src/services/historical-data/csv-reader.ts'
import { tempDir } from '../../../services/historical-data/harness.ts'

type Read = { line: number; fields: string[] } | { line: number; problem: string }

function read(content: string | Uint8Array, file = join(tempDir(), 'file.csv')): Read[] {
  writeFileSync(file, content)
  const fd = openSync(file, 'r')
  const all: Read[] = []
  try {
    const reader = new CsvReader(fd)
    for (let step = reader.next(); step !== 'end'; step = reader.next()) {
      const { line } = reader
      if (step === 'malformed') all.push({ line, problem: reader.problem })
      else all.push({ line, fields: Array.from({ length: reader.fields }, (_, i) => reader.text(i)) })
    }
    expect(reader.bytes).toBe(Buffer.byteLength(content))
  } finally {
    closeSync(fd)
  }
  return all
}

test.each([
  ['LF', 'a,b\n1,2\n'],
  ['CRLF', 'a,b\r\n1,2\r\n'],
  ['CR', 'a,b\r1,2\r'],
  ['no line end at the end', 'a,b\n1,2'],
  ['a byte order mark', '\uFEFFa,b\n1,2\n'],
  ['quotes', '"a","b"\n"1","2"\n'],
  ['quotes up to the end', 'a,b\r\n1,"2"'],
])('%s', (_, content) => {
  expect(read(content)).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 2, fields: ['1', '2'] },
  ])
})

test('empty lines are passed over but counted; empty fields are kept', () => {
  expect(read('\n\na\n\r\n,\n""\n\n')).toEqual([
    { line: 3, fields: ['a'] },
    { line: 5, fields: ['', ''] },
    { line: 6, fields: [''] },
  ])
  expect(read('')).toEqual([])
  expect(read('\n')).toEqual([])
})

test('quoted fields may hold commas, quotes and line ends, and lines are counted through them', () => {
  expect(read('x,"a ""b"", c\r\nd",y\nnext\n')).toEqual([
    { line: 1, fields: ['x', 'a "b", c\r\nd', 'y'] },
    { line: 3, fields: ['next'] },
  ])
  expect(read('5" pipe,6\n')).toEqual([{ line: 1, fields: ['5" pipe', '6'] }])
})

test('a quote that is never closed spoils one line, not the rest', () => {
  expect(read('a\n"b\nc\nd\n')).toEqual([
    { line: 1, fields: ['a'] },
    { line: 2, problem: 'a quote in it is never closed' },
    { line: 3, fields: ['c'] },
    { line: 4, fields: ['d'] },
  ])
})

test.each([
  ['CR', '\r'],
  ['CRLF', '\r\n'],
  ['LF', '\n'],
])('a malformed record spoils one line where lines end with %s, also where other line ends are about', (_, end) => {
  const lines = ['a', '"b"c', 'd', '"e', 'f']
  const expected = [
    { line: 1, fields: ['a'] },
    { line: 2, problem: 'has text after the closing quote of field 1' },
    { line: 3, fields: ['d'] },
    { line: 4, problem: 'a quote in it is never closed' },
    { line: 5, fields: ['f'] },
  ]
  expect(read(lines.join(end))).toEqual(expected)
  expect(read(lines.join(end) + end)).toEqual(expected)
  for (const other of ['\r', '\r\n', '\n']) {
    const mixed = lines.reduce((text, line, i) => text + (i % 2 === 0 ? end : other) + line)
    expect(read(mixed)).toEqual(expected)
  }
})

test('lines are counted through quoted fields whatever they end with', () => {
  expect(read('"a\rb","c\r\nd\ne"\rnext\r"x"y\rlast')).toEqual([
    { line: 1, fields: ['a\rb', 'c\r\nd\ne'] },
    { line: 5, fields: ['next'] },
    { line: 6, problem: 'has text after the closing quote of field 1' },
    { line: 7, fields: ['last'] },
  ])
})

test('a CRLF that the end of the buffer splits is one line end, after a malformed record too', () => {
  for (let shift = -3; shift <= 3; shift++) {
    const bad = `"b"${'c'.repeat(256 * 1024 - 6 + shift)}`
    expect(read(`a\n${bad}\r\nd\r\n`)).toEqual([
      { line: 1, fields: ['a'] },
      { line: 2, problem: expect.any(String) as string },
      { line: 3, fields: ['d'] },
    ])
  }
})

test('text after a closing quote', () => {
  expect(read('1,"b"c,2\nok\n')).toEqual([
    { line: 1, problem: 'has text after the closing quote of field 2' },
    { line: 2, fields: ['ok'] },
  ])
})

test('too many fields, and lines longer than the buffer, quoted or not', () => {
  const long = 'x'.repeat(600_000)
  const read1 = read(`a\n${','.repeat(5000)}\n${long}\nb\n"${long}\nc\n"${long}"\nd`)
  expect(read1).toEqual([
    { line: 1, fields: ['a'] },
    { line: 2, problem: 'has more than 1024 fields' },
    { line: 3, problem: expect.stringContaining('longer than 262144 bytes') as string },
    { line: 4, fields: ['b'] },
    { line: 5, problem: expect.stringContaining('longer than 262144 bytes') as string },
    { line: 6, fields: ['c'] },
    { line: 7, problem: expect.stringContaining('longer than 262144 bytes') as string },
    { line: 8, fields: ['d'] },
  ])
})

test('what is written is what is read, wherever the buffer happens to end', () => {
  const file = join(tempDir(), 'file.csv')
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
  const field = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é'), minLength: 1, maxLength: 6 }),
    // Long enough for some records to straddle the buffer's end.
    fc.integer({ min: 1, max: 90_000 }).map((length) => `x"${'y'.repeat(length)}`),
  )
  const table = fc.array(fc.array(field, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), (records, end, closed) => {
      const content = records.map((record) => record.map(quote).join(',')).join(end) + (closed ? end : '')
      const fields = read(content, file).map((record) => 'fields' in record && record.fields)
      expect(fields).toEqual(records)
    }),
    { numRuns: 60 },
  )
})

test('nothing is read twice or lost in a file of many buffers', () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${'z'.repeat(i % 37)}`)
  const all = read(lines.join('\r\n'))
  expect(all).toHaveLength(lines.length)
  expect(all.every((record, i) => 'fields' in record && record.line === i + 1 && record.fields[0] === `${i}`)).toBe(
    true,
  )
})

test('the reader leaves its file to its owner', () => {
  const file = join(tempDir(), 'a.csv')
  writeFileSync(file, 'a\n')
  const fd = openSync(file, 'r')
  onTestFinished(() => closeSync(fd))
  const reader = new CsvReader(fd)
  expect([reader.next(), reader.next(), reader.next()]).toEqual(['record', 'end', 'end'])
})
