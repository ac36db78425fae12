import type { PeerId } from './peer.ts'

/**
 * One message of NATS between two hosts:
 *
 * | bytes | |
 * |---|---|
 * | 0-3 | magic and version |
 * | 4 | kind |
 * | 6-7 | length of the address, in bytes |
 * | 8-11 | the link's number; whoever opens it chooses one that is higher than all before |
 * | 12-19 | position in the sender's stream: where the body begins, or, without one, where the next will |
 * | 20-27 | position in the receiver's stream, up to which all was taken in; -1: there is no such link |
 * | 28-35 | ms of the sender's monotonic clock |
 *
 * then the address and the body. All are little-endian; positions and times are doubles. Between two hosts each opens a link of its own for the
 * channels that it opens, with a stream of records in each direction (src/transport/frames/wire.ts): a stream's packets need no other number than the
 * position of their first byte.
 */
export const PacketKind = {
  /** The body is the next part of the stream. */
  data: 1,
  /** What was taken in. */
  taken: 2,
  /** Whoever gets it says at once what was taken in. */
  ping: 3,
  /** The link is over: what comes after the position that was taken in goes nowhere. The body is one byte: 1 the sender leaves, 0 something else. */
  over: 4,
} as const
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind]

const magic = Buffer.from('SPN\u0001', 'latin1').readUInt32LE()
/** bytes before the address. */
const fixedBytes = 36
const kinds: ReadonlySet<number> = new Set(Object.values(PacketKind))

export interface PacketHead {
  readonly kind: PacketKind
  /** Whose it is, to whom, and who has opened the link, in one text: whoever has it knows the link. */
  readonly address: string
  readonly link: number
  readonly position: number
  readonly taken: number
  readonly sent: number
}

export interface Packet extends PacketHead {
  readonly body: Buffer
}

export interface Address {
  readonly to: string
  readonly from: PeerId
  /** Whether the sender has opened the link. */
  readonly opener: boolean
}

export const addressOf = ({ to, from, opener }: Address): string =>
  `${opener ? '>' : '<'} ${to} ${from.name} ${from.session}`

/** undefined: it is none. */
export function readAddress(address: string): Address | undefined {
  const [side, to, name, session, ...more] = address.split(' ')
  if ((side !== '>' && side !== '<') || !to || !name || !session || more.length > 0) return undefined
  return { to, from: { name, session }, opener: side === '>' }
}

/** bytes of a packet before its body. */
export const headBytes = (address: string): number => fixedBytes + address.length

/** Writes it where the body follows. */
export function writeHead(packet: Buffer, { kind, address, link, position, taken, sent }: PacketHead): void {
  packet.writeUInt32LE(magic, 0)
  packet.writeUInt16LE(kind, 4)
  packet.writeUInt16LE(address.length, 6)
  packet.writeUInt32LE(link, 8)
  packet.writeDoubleLE(position, 12)
  packet.writeDoubleLE(taken, 20)
  packet.writeDoubleLE(sent, 28)
  packet.write(address, fixedBytes, 'latin1')
}

/** undefined: it is no packet. */
export function readPacket(data: Uint8Array): Packet | undefined {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.length < fixedBytes || bytes.readUInt32LE(0) !== magic) return undefined
  const kind = bytes.readUInt16LE(4)
  const end = fixedBytes + bytes.readUInt16LE(6)
  if (!kinds.has(kind) || end > bytes.length) return undefined
  return {
    kind: kind as PacketKind,
    address: bytes.toString('latin1', fixedBytes, end),
    link: bytes.readUInt32LE(8),
    position: bytes.readDoubleLE(12),
    taken: bytes.readDoubleLE(20),
    sent: bytes.readDoubleLE(28),
    body: bytes.subarray(end),
  }
}
