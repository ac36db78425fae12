import type { Socket } from 'node:net'
import { headerBytes, numberBytes, preamble } from './wire.ts'
import type { Kind } from './wire.ts'

/** bytes gathered in one piece of memory, which is used again and again; guessed: some hundred calls. */
const blockBytes = 64 * 1024
/** bytes of a body from which on it is written from where it is; below that, to copy it costs less than another piece to write. Guessed. */
const ownPieceBytes = 16 * 1024

export interface OutgoingRecord {
  readonly kind: Kind
  /** Whether this side opened the channel. */
  readonly ours: boolean
  readonly channel: number
  /** Nobody changes it any more. */
  readonly body?: Uint8Array
  readonly ends?: readonly number[]
  /** Copied, as whoever gave them goes on using them. */
  readonly buffers?: readonly ArrayBuffer[]
}

const none: readonly never[] = []
const noBytes = new Uint8Array()

/** Writes records to a socket: all of a microtask at once. */
export class RecordWriter {
  readonly #socket: Socket
  #block = Buffer.allocUnsafeSlow(blockBytes)
  /** Where in the block the next piece begins, and how far it goes by now. */
  #start = 0
  #used = 0
  #pieces: Uint8Array[] = []
  #scheduled = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#reserve(preamble.length)
    this.#block.set(preamble, 0)
    this.#used = preamble.length
    this.#schedule()
  }

  write({ kind, ours, channel, body = noBytes, ends = none, buffers = none }: OutgoingRecord): void {
    const inBlock = body.length < ownPieceBytes
    this.#reserve(headerBytes + numberBytes * (ends.length + buffers.length) + (inBlock ? body.length : 0))
    const block = this.#block
    let at = this.#used
    block[at] = kind
    block[at + 1] = ours ? 1 : 0
    block.writeUInt16LE(ends.length, at + 2)
    block.writeUInt32LE(channel, at + 4)
    block.writeUInt32LE(body.length, at + 8)
    block.writeUInt32LE(buffers.length, at + 12)
    at += headerBytes
    for (const end of ends) at = block.writeUInt32LE(end, at)
    for (const buffer of buffers) at = block.writeUInt32LE(buffer.byteLength, at)
    if (inBlock) block.set(body, at)
    this.#used = inBlock ? at + body.length : at
    if (!inBlock) this.#addPiece(body)
    for (const buffer of buffers) this.#addPiece(new Uint8Array(buffer.slice(0)))
    this.#schedule()
  }

  /** Hands everything to the socket now. */
  flush(): void {
    this.#cut()
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    if (pieces.length === 1) {
      this.#socket.write(pieces[0] ?? noBytes)
      return
    }
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flushScheduled)
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }

  #reserve(bytes: number): void {
    // Once the system has all of it, the block is free.
    if (this.#used === this.#start && this.#pieces.length === 0 && this.#socket.writableLength === 0) {
      this.#start = this.#used = 0
    }
    if (this.#used + bytes <= this.#block.length) return
    this.#cut()
    this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, bytes))
    this.#start = this.#used = 0
  }

  /** What has been gathered is a piece. */
  #cut(): void {
    if (this.#used > this.#start) this.#pieces.push(this.#block.subarray(this.#start, this.#used))
    this.#start = this.#used
  }

  #addPiece(bytes: Uint8Array): void {
    this.#cut()
    if (bytes.length > 0) this.#pieces.push(bytes)
  }
}
