import { headerBytes, Kind, numberBytes } from '../../src/transport/frames/wire.ts'

export interface SentRecord {
  readonly kind?: number
  /** 1: its sender opened the channel. */
  readonly opener?: number
  readonly channel?: number
  readonly body?: Uint8Array
  /** What it says of the body's length; what is there, unless it lies. */
  readonly bodyBytes?: number
  readonly ends?: readonly number[]
  readonly lengths?: readonly number[]
}

/** A record as the other side of a link writes it, or would if it wished harm. */
export function recordOf(sent: SentRecord): Buffer {
  const { kind = Kind.frame, opener = 1, channel = 0, body = Buffer.alloc(0), ends = [], lengths = [] } = sent
  const head = Buffer.alloc(headerBytes + numberBytes * (ends.length + lengths.length))
  head.writeUInt8(kind, 0)
  head.writeUInt8(opener, 1)
  head.writeUInt16LE(ends.length, 2)
  head.writeUInt32LE(channel, 4)
  head.writeUInt32LE(sent.bodyBytes ?? body.length, 8)
  head.writeUInt32LE(lengths.length, 12)
  for (const [i, number] of [...ends, ...lengths].entries()) head.writeUInt32LE(number, headerBytes + numberBytes * i)
  return Buffer.concat([head, body])
}
