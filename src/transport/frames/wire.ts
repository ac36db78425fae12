/**
 * The bytes between two processes, or two machines. Between processes each side sends the preamble once; then come records:
 *
 * | bytes | |
 * |---|---|
 * | 0 | kind |
 * | 1 | 1: the channel was opened by whoever sends this; 0: by whoever receives it |
 * | 2-3 | how many ends of channels travel in the frame |
 * | 4-7 | the channel's number |
 * | 8-11 | length of the body, in bytes |
 * | 12-15 | how many buffers follow the body |
 *
 * then the number of each end, the length of each buffer, the body (what `node:v8` makes of the frame, or JSON) and the buffers. Numbers have four bytes, and all are
 * little-endian. Each side numbers the channels that it opens, from 1 on; 0 is there from the beginning.
 */
export const Kind = {
  /** A frame. */
  frame: 1,
  /** A frame as JSON. */
  text: 5,
  /** In place of a frame that cannot travel so far; the body says why, as UTF-8. */
  lost: 2,
  /** A channel begins, whose end is in a frame to come. */
  open: 3,
  /** Whoever sends this posts no more to the channel. A number is free again once both have said so. */
  close: 4,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

export const headerBytes = 16
/** Of each number that follows the header. */
export const numberBytes = 4

export interface RecordHead {
  readonly kind: Kind
  /** Whether this side opened the channel. */
  readonly ours: boolean
  readonly channel: number
  readonly ends: number
  readonly bodyBytes: number
  readonly buffers: number
}

/** @returns where the lists follow. */
export function writeRecordHead(block: Buffer, at: number, head: RecordHead): number {
  block[at] = head.kind
  block[at + 1] = head.ours ? 1 : 0
  block.writeUInt16LE(head.ends, at + 2)
  block.writeUInt32LE(head.channel, at + 4)
  block.writeUInt32LE(head.bodyBytes, at + 8)
  return block.writeUInt32LE(head.buffers, at + 12)
}

const magic = 'SPLW'
const version = 1

/** What both sides say first. */
export const preamble: Uint8Array = Buffer.from(`${magic}${String.fromCharCode(0, 0, 0, version)}`, 'latin1')

/** What is wrong with the other side's preamble; undefined: nothing. */
export function preambleFault(bytes: Buffer): string | undefined {
  if (bytes.toString('latin1', 0, magic.length) !== magic) return 'it does not begin as a link between processes does'
  const other = bytes.readUInt32BE(magic.length)
  return other === version ? undefined : `it speaks version ${other} of the protocol, not ${version}`
}

/** What the number of ends, and of buffers, has room for. */
export const mostListed = 0xff_ff
/** bytes of a frame, buffers included: what V8 can write, and Node can hold in one Buffer read from a file. */
export const mostFrameBytes = 2 ** 31 - 1
