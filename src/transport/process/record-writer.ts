import type { Socket } from 'node:net'
import { tailOf } from './last-words.ts'
import type { LastWords } from './last-words.ts'
import { headerBytes, Kind, numberBytes, preamble, writeRecordHead } from '../frames/wire.ts'
import { queueMicrotask } from '../../base/timers.ts'

/**
 * bytes of a block of memory in which records are gathered; guessed. It is used again, as memory that is new to the process costs more than to copy into it
 * (measured: 1 MiB 480 to 680 µs, and 85 to 240).
 */
const blockBytes = 256 * 1024
/** Blocks that are kept when they are not in use. Guessed: 1 MiB, and what is around it. */
const keptBlocks = 5
/** bytes of a body from which on it is written from where it is; below that, to copy it costs less than another piece to write. Guessed. */
const ownPieceBytes = 16 * 1024

/** Node has it, and its types do not. */
interface WithHandle {
  readonly _handle: { readonly bytesWritten: number; readonly writeQueueSize: number } | null
}

/** Bytes that wait in the socket, and those that it has given to libuv and the system has not taken. */
function unsentBytes(socket: Socket): number {
  const { _handle: handle } = socket as unknown as WithHandle
  return handle ? socket.bytesWritten - handle.bytesWritten + handle.writeQueueSize : 0
}

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
const noBlock = Buffer.alloc(0)

/** Writes records to a socket, many at once. */
export class RecordWriter {
  readonly #socket: Socket
  readonly #soon: (flush: () => void) => void
  #block = Buffer.allocUnsafeSlow(blockBytes)
  /** Where in the block the next piece begins, and how far it goes by now. */
  #start = 0
  #used = 0
  #pieces: Uint8Array[] = []
  /** Handed to the socket together, of those that the system may not have whole. */
  readonly #handed: (readonly Uint8Array[])[] = []
  /** Blocks that are full, until all of them is written. */
  #full: Buffer<ArrayBuffer>[] = []
  #free: Buffer<ArrayBuffer>[] = []
  #scheduled = false
  /** Those who write when everything leaves. */
  #leaving: (() => void)[] = []
  /** There is no later. */
  #isLast = false
  #last: LastWords | undefined

  /** @param soon when what is written leaves: calls back, later. */
  constructor(socket: Socket, soon: (flush: () => void) => void) {
    this.#socket = socket
    this.#soon = soon
    socket.on('drain', this.#freeWritten)
    this.#copy(preamble)
    this.#schedule()
  }

  write({ kind, ours, channel, body = noBytes, ends = none, buffers = none }: OutgoingRecord): void {
    const inBlock = body.length < ownPieceBytes
    this.#reserve(headerBytes + numberBytes * (ends.length + buffers.length) + (inBlock ? body.length : 0))
    const block = this.#block
    const head = { kind, ours, channel, ends: ends.length, bodyBytes: body.length, buffers: buffers.length }
    let at = writeRecordHead(block, this.#used, head)
    for (const end of ends) at = block.writeUInt32LE(end, at)
    for (const buffer of buffers) at = block.writeUInt32LE(buffer.byteLength, at)
    if (inBlock) block.set(body, at)
    this.#used = inBlock ? at + body.length : at
    if (!inBlock) {
      this.#cut()
      this.#pieces.push(body)
    }
    for (const buffer of buffers) this.#copy(new Uint8Array(buffer))
    this.#schedule()
  }

  /** Writes a frame as text: as that takes no memory of its own, it is the fastest. */
  writeText(ours: boolean, channel: number, text: string): void {
    // A character takes three bytes at most.
    this.#reserve(headerBytes + 3 * text.length)
    const block = this.#block
    const at = this.#used
    const length = block.write(text, at + headerBytes)
    writeRecordHead(block, at, { kind: Kind.text, ours, channel, ends: 0, bodyBytes: length, buffers: 0 })
    this.#used = at + headerBytes + length
    this.#schedule()
  }

  /** Calls back when everything leaves next: what is written then goes with it. */
  whenLeaving(write: () => void): void {
    this.#leaving.push(write)
    this.#schedule()
  }

  /** Hands everything to the socket now. */
  flush(): void {
    const leaving = this.#leaving
    if (leaving.length > 0) {
      this.#leaving = []
      for (const write of leaving) write()
    }
    this.#cut()
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    if (this.#last) {
      this.#last.write(pieces)
      return
    }
    const socket = this.#socket
    const last = pieces.length - 1
    this.#handed.push(pieces)
    if (pieces.length > 1) socket.cork()
    for (let at = 0; at < last; at++) socket.write(pieces[at] ?? noBytes)
    socket.write(pieces[last] ?? noBytes, this.#taken)
    if (pieces.length > 1) socket.uncork()
    this.#freeWritten()
  }

  /**
   * What was written, and is from now on, goes to the system at once: there will be no more microtasks.
   *
   * @param last writes even where the socket is full. Default: what the socket does not take at once is lost.
   */
  finish(last?: LastWords): void {
    this.#isLast = true
    this.flush()
    if (!last) return
    this.#last = last
    last.write(tailOf(this.#handed.flat(), unsentBytes(this.#socket)))
  }

  /** Nothing will be written any more. Whoever keeps something of a process that is gone, an error say, keeps no blocks with it. */
  close(): void {
    this.#socket.off('drain', this.#freeWritten)
    this.#block = noBlock
    this.#start = this.#used = 0
    this.#pieces = []
    // What waits to leave leaves nowhere, and is told as to any closed channel.
    for (const write of this.#leaving.splice(0)) queueMicrotask(write)
    this.#handed.length = 0
    this.#full = []
    this.#free = []
  }

  readonly #taken = (): void => void this.#handed.shift()

  #schedule(): void {
    if (this.#isLast) this.flush()
    if (this.#scheduled || this.#isLast) return
    this.#scheduled = true
    this.#soon(this.#flushScheduled)
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }

  /** Makes room for so many bytes in one place. */
  #reserve(bytes: number): void {
    // Once the system has all of it, the block is free.
    if (this.#used === this.#start && this.#pieces.length === 0 && this.#socket.writableLength === 0) {
      this.#start = this.#used = 0
    }
    if (this.#used + bytes > this.#block.length) this.#nextBlock(bytes)
  }

  #nextBlock(bytes: number): void {
    this.#cut()
    this.#full.push(this.#block)
    this.#block = (bytes <= blockBytes && this.#free.pop()) || Buffer.allocUnsafeSlow(Math.max(blockBytes, bytes))
    this.#start = this.#used = 0
  }

  #copy(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#used === this.#block.length) this.#nextBlock(1)
      const part = Math.min(this.#block.length - this.#used, bytes.length - at)
      this.#block.set(bytes.subarray(at, at + part), this.#used)
      this.#used += part
      at += part
    }
  }

  readonly #freeWritten = (): void => {
    if (this.#full.length === 0 || this.#pieces.length > 0 || this.#socket.writableLength > 0) return
    for (const block of this.#full) {
      if (block.length === blockBytes && this.#free.length < keptBlocks) this.#free.push(block)
    }
    this.#full = []
  }

  /** What has been gathered is a piece. */
  #cut(): void {
    if (this.#used > this.#start) this.#pieces.push(this.#block.subarray(this.#start, this.#used))
    this.#start = this.#used
  }
}
