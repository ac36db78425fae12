import { describe, expect, it } from 'vitest'
import { RecordReader } from '../../../src/transport/frames/record-reader.ts'
import type { IncomingRecord } from '../../../src/transport/frames/record-reader.ts'
import { Kind, preamble } from '../../../src/transport/frames/wire.ts'
import { recordOf } from '../../support/link-bytes.ts'

const body = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + length) % 251))
const shapes = [
  { body: 3, ends: [], lengths: [] },
  { body: 0, ends: [1, 70_000], lengths: [] },
  { body: 140_000, ends: [], lengths: [] },
  { body: 5, ends: [9], lengths: [1, 0, 150_000, 20] },
  { body: 0, ends: [], lengths: [0] },
  { body: 1_000, ends: [], lengths: [] },
]
const bytes = Buffer.concat([
  preamble,
  ...shapes.map((shape, channel) =>
    Buffer.concat([recordOf({ ...shape, channel, body: body(shape.body) }), ...shape.lengths.map(body)]),
  ),
])
const expected = shapes.map((shape, channel) => ({
  kind: Kind.frame,
  theirs: true,
  channel,
  body: body(shape.body),
  ends: shape.ends,
  buffers: shape.lengths.map((length) => new Uint8Array(body(length)).buffer),
}))

function reading(): { readonly reader: RecordReader; readonly records: IncomingRecord[] } {
  const records: IncomingRecord[] = []
  const reader = new RecordReader((record) => records.push({ ...record, body: Buffer.from(record.body) }))
  return { reader, records }
}

/** Lengths of pieces, up to `most`, which come out the same every time. */
function* pieces(most: number): Generator<Buffer> {
  let seed = most
  for (let at = 0; at < bytes.length;) {
    seed = (seed * 48_271) % 2_147_483_647
    const length = 1 + (seed % most)
    yield bytes.subarray(at, at + length)
    at += length
  }
}

describe.each([1, 2, 17, 5_000, 100_000, 10_000_000])('records that come in pieces of up to %i bytes', (most) => {
  it('are read whole', () => {
    const { reader, records } = reading()
    for (const piece of pieces(most)) reader.push(Buffer.from(piece))
    expect(records).toEqual(expected)
    expect(reader.atBoundary).toBe(true)
  })
})

it('buffers are of the length they had, and nobody else’s', () => {
  const { reader, records } = reading()
  reader.push(bytes)
  const buffers = records.flatMap((record) => record.buffers)
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([1, 0, 150_000, 20, 0])
  expect(new Set(buffers).size).toBe(buffers.length)
})

it.each([
  ['what it announces', recordOf({ bodyBytes: 2 ** 31 - 1 })],
  ['buffers of the length it announces', recordOf({ lengths: [2 ** 31 - 1] })],
])('nothing is set aside for %s before it comes', (_, announced) => {
  const { reader } = reading()
  const before = process.memoryUsage().arrayBuffers
  reader.push(Buffer.concat([preamble, announced, Buffer.alloc(1_000)]))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024)
  expect(reader.atBoundary).toBe(false)
})

it('what is longer than is set aside at once is read whole', () => {
  const { reader, records } = reading()
  const long = Buffer.alloc(40_000_000, 3)
  reader.push(Buffer.concat([preamble, recordOf({ lengths: [long.length] })]))
  for (let at = 0; at < long.length; at += 3_000_001) reader.push(Buffer.from(long.subarray(at, at + 3_000_001)))
  expect(long.equals(Buffer.from(records[0]?.buffers[0] ?? new ArrayBuffer()))).toBe(true)
})

it.each([
  ['it does not begin as a link between processes does', Buffer.from('GET / HTTP/1.1\r\n')],
  ['it speaks version 7 of the protocol, not 1', Buffer.from('SPLW\0\0\0\x07', 'latin1')],
  ['it sent what is no record (kind 0)', Buffer.concat([preamble, Buffer.alloc(16)])],
  ['it sent what is no record (kind 9)', Buffer.concat([preamble, recordOf({ kind: 9 })])],
  ['it sent what is no record (kind 1)', Buffer.concat([preamble, recordOf({ opener: 2 })])],
  ['it announced a frame of 2147483648 bytes', Buffer.concat([preamble, recordOf({ bodyBytes: 2 ** 31 })])],
  [
    'it announced a frame of 8589934590 bytes',
    Buffer.concat([preamble, recordOf({ lengths: [2 ** 32 - 1, 2 ** 32 - 1] })]),
  ],
])('other bytes are refused: %s', (message, sent) => {
  const { reader } = reading()
  expect(() => reader.push(sent)).toThrow(message)
})
