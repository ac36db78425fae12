import { Socket } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../contract/describe-value.ts'
import type { Channels, Movable, Transport } from '../../channel/transport.ts'
import { arriveAs, closeEnds, leaveBy, linkChannels } from './ends.ts'
import { decodeFrame, encodeFrame } from '../frames/frame-codec.ts'
import type { EncodedFrame } from '../frames/frame-codec.ts'
import { textOf } from '../frames/frame-text.ts'
import { LastWords } from './last-words.ts'
import { RecordReader } from '../frames/record-reader.ts'
import type { IncomingRecord } from '../frames/record-reader.ts'
import { RecordWriter } from './record-writer.ts'
import { guarded, SubChannel } from '../frames/sub-channel.ts'
import type { Arrived, Wire } from '../frames/sub-channel.ts'
import { keepUnread } from './unread.ts'
import { Kind, mostFrameBytes } from '../frames/wire.ts'
import { setImmediate, queueMicrotask } from '../../base/timers.ts'

export interface ProcessLinkOptions {
  /** Bytes were named to `transfer()`, and were copied, since they cannot move to another process; told each time. */
  onCopied?(): void
}

/** bytes that are read at once from a descriptor. Guessed; a socket of Linux holds some 200 KiB. */
const chunkBytes = 128 * 1024
/** The highest number of a channel; after it they begin again. */
const mostChannels = 2 ** 31

/** All channels between two processes, over one socket. It keeps no event loop alive, but for `ref()`. */
export class ProcessLink {
  /** The channel that is there from the beginning. */
  readonly control: Transport
  readonly channels: Channels = linkChannels
  readonly #options: ProcessLinkOptions
  readonly #socket: Socket
  readonly #fd: number | undefined
  readonly #reader = new RecordReader((record) => this.#take(record))
  readonly #writer: RecordWriter
  /** By number: those that this side opened, and the others. */
  readonly #ours = new Map<number, SubChannel>()
  readonly #theirs = new Map<number, SubChannel>()
  #lastNumber = 0
  /** Opened for ends whose frame is not written yet, and whether they are closed already. */
  readonly #leaving = new Map<SubChannel, 'open' | 'closed'>()
  /** closing: closed here, what was posted is on its way out. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #cause: Error | undefined
  readonly #listeners = new Set<(cause: Error | undefined) => void>()
  readonly #wire: Wire = {
    post: (channel, frame, moved) => this.#post(channel, frame, moved),
    postLoss: (channel, cause) => this.#postLoss(channel, cause),
    close: (channel) => this.#close(channel),
    whenLeaving: (post) => this.#whenLeaving(post),
    discard: closeEnds,
  }

  /**
   * @param socket one end of a pair of sockets; or the number of a descriptor that this process has inherited, which is faster: all is read into the
   * same memory.
   * @throws Error when the descriptor is no socket.
   */
  constructor(socket: Socket | number, options: ProcessLinkOptions = {}) {
    this.#options = options
    this.#fd = typeof socket === 'number' ? socket : undefined
    this.#socket = typeof socket === 'number' ? this.#open(socket) : socket
    if (typeof socket !== 'number') socket.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#socket.on('end', () => this.#ended())
    const unread = keepUnread(this.#socket)
    this.#socket.on('error', (error: Error) => {
      for (const bytes of unread()) this.#read(bytes)
      this.#fail(isGone(error) ? undefined : error)
    })
    this.#socket.on('close', () => this.#closed())
    this.#socket.unref()
    // To write to a process that has ended closes the socket, and what it said last would be lost: it is read before, in the same turn of the event
    // loop. A child, which has only this one to talk to, says what it can before it crashes.
    this.#writer = new RecordWriter(this.#socket, typeof socket === 'number' ? queueMicrotask : setImmediate)
    const control = new SubChannel(this.#wire, true, 0)
    this.#ours.set(0, control)
    this.#theirs.set(0, control)
    this.control = control
  }

  /** Channels that are not closed on both sides, the control channel aside. */
  get openChannels(): number {
    return new Set([...this.#ours.values(), ...this.#theirs.values()].filter(({ number }) => number > 0)).size
  }

  /**
   * Calls back once, when the socket is closed or broken, or the other side broke the protocol: after all that came before, and after all channels were
   * closed. `cause` undefined: the other side closed it, or is gone, or this side closed it. Returns what takes that back.
   */
  onClose(listener: (cause: Error | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Closes all channels; what was posted still arrives, if the other side reads it. */
  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#writer.flush()
    this.#endChannels()
    // The other side may never read the end of it; it is told that nobody reads what it writes.
    this.#socket.end(() => this.#socket.destroy())
  }

  /**
   * Hands what is posted to the system at once from now on, and not with the microtask: for a process that is about to end.
   *
   * @param patience ms to wait, all in all, for the other side to take it; of a link on a descriptor.
   */
  finish(patience: number): void {
    if (this.#state !== 'open') return
    const last = this.#fd === undefined ? undefined : new LastWords(this.#fd, patience)
    this.#writer.finish(last)
  }

  /** The link keeps the event loop alive from now on. */
  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #open(fd: number): Socket {
    const chunk = Buffer.allocUnsafeSlow(chunkBytes)
    const callback = (length: number): boolean => {
      this.#read(chunk.subarray(0, length))
      return true
    }
    return new Socket({ fd, readable: true, writable: true, onread: { buffer: chunk, callback } })
  }

  #read(bytes: Buffer): void {
    if (this.#state !== 'open') return
    try {
      this.#reader.push(bytes)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #ended(): void {
    const cutOff = this.#state === 'open' && !this.#reader.atBoundary
    this.#fail(cutOff ? new Error('The link to the other process broke off within a frame') : undefined)
  }

  /** Nothing more can come. */
  #fail(cause: Error | undefined): void {
    if (this.#state === 'open') this.#cause = cause
    if (this.#state !== 'closed') this.#socket.destroy()
  }

  #closed(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#reader.close()
    this.#writer.close()
    this.#endChannels()
    const cause = this.#cause
    for (const listener of this.#listeners) guarded(() => listener(cause))
    this.#listeners.clear()
  }

  #endChannels(): void {
    const channels = [...this.#ours.values(), ...this.#theirs.values()]
    this.#ours.clear()
    this.#theirs.clear()
    for (const channel of channels) channel.end()
  }

  #post(channel: SubChannel, frame: unknown, moved: readonly Movable[] | 'all' | undefined): void {
    if (channel.state !== 'open') {
      closeEnds(moved === 'all' ? frame : moved)
      return
    }
    const text = !moved || moved === 'all' ? textOf(frame, !moved) : undefined
    if (text !== undefined) {
      this.#writer.writeText(channel.ours, channel.number, text)
      return
    }
    const encoded = encodeFrame(frame, moved)
    const bytes = encoded.buffers.reduce((sum, { byteLength }) => sum + byteLength, encoded.body.length)
    if (bytes > mostFrameBytes)
      throw new RangeError(`${bytes} bytes are more than can go in one piece to another process`)
    this.#send(channel, encoded)
    if (moved && moved !== 'all' && moved.some((each) => each instanceof ArrayBuffer)) this.#options.onCopied?.()
  }

  #send(channel: SubChannel, { body, buffers, ports }: EncodedFrame): void {
    if (ports.length === 0) {
      this.#writer.write({ kind: Kind.frame, ours: channel.ours, channel: channel.number, body, buffers })
      return
    }
    const opened = ports.map((port) => {
      const end = this.#openChannel()
      this.#leaving.set(end, 'open')
      // What is in it has to be there when the frame comes that it is in.
      leaveBy(end, port)
      return end
    })
    const ends = opened.map(({ number }) => number)
    this.#writer.write({ kind: Kind.frame, ours: channel.ours, channel: channel.number, body, buffers, ends })
    for (const end of opened) {
      const isClosed = this.#leaving.get(end) === 'closed'
      this.#leaving.delete(end)
      if (isClosed) this.#record(end, Kind.close)
    }
  }

  #close(channel: SubChannel): void {
    // Closed before its end has come, it could not be found there.
    if (this.#leaving.has(channel)) this.#leaving.set(channel, 'closed')
    else this.#record(channel, Kind.close)
  }

  #openChannel(): SubChannel {
    do this.#lastNumber = (this.#lastNumber % mostChannels) + 1
    while (this.#ours.has(this.#lastNumber))
    const channel = new SubChannel(this.#wire, true, this.#lastNumber)
    this.#ours.set(channel.number, channel)
    this.#record(channel, Kind.open)
    return channel
  }

  #whenLeaving(post: () => void): void {
    // What is posted to a link that is closed goes nowhere.
    if (this.#state === 'open') this.#writer.whenLeaving(post)
    else queueMicrotask(post)
  }

  #postLoss(channel: SubChannel, cause: unknown): void {
    if (channel.state === 'open') this.#record(channel, Kind.lost, Buffer.from(messageOf(cause)))
  }

  #record({ ours, number }: SubChannel, kind: Kind, body?: Uint8Array): void {
    this.#writer.write({ kind, ours, channel: number, ...(body && { body }) })
  }

  #take(record: IncomingRecord): void {
    if (this.#state !== 'open') return
    const { kind, theirs, channel: number } = record
    const channels = theirs ? this.#theirs : this.#ours
    const channel = channels.get(number)
    if (kind === Kind.open) {
      if (!theirs || channel) throw new Error(`It opened channel ${number}, which is open`)
      channels.set(number, new SubChannel(this.#wire, false, number))
      return
    }
    if (!channel) throw new Error(`It sent something on channel ${number}, which is not open`)
    switch (kind) {
      case Kind.frame:
        this.#takeFrame(channel, record)
        return
      case Kind.text:
        channel.arrive(parsed(record.body))
        return
      case Kind.lost:
        channel.arrive({ cause: new Error(record.body.toString()) })
        return
      case Kind.close:
        // Unless it is the answer to this side's own.
        if (channel.state === 'open') this.#record(channel, Kind.close)
        channels.delete(number)
        channel.end()
    }
  }

  #takeFrame(channel: SubChannel, { body, buffers, ends }: IncomingRecord): void {
    const opened = ends.map((number) => {
      const end = this.#theirs.get(number)
      if (!end) throw new Error(`It sent an end of channel ${number}, which is not open`)
      return end
    })
    const given: (MessagePort | undefined)[] = []
    const endOf = (number: number): MessagePort => {
      const end = opened[number]
      if (!end) throw new Error(`There is no end ${number} in it`)
      return (given[number] ??= arriveAs(end))
    }
    try {
      if (channel.state === 'closed') throw new Error('The channel is closed')
      const frame = decodeFrame(body, buffers, endOf)
      channel.arrive({ frame, ends: given.filter((port) => port !== undefined) })
    } catch (cause) {
      for (const end of opened) end.close()
      channel.arrive({ cause })
    }
  }
}

function parsed(body: Buffer): Arrived {
  try {
    return { frame: JSON.parse(body.toString()) as unknown, ends: [] }
  } catch (cause) {
    return { cause }
  }
}

/** The other process has ended, or closed its side, while something was under way: that is an end like another. */
function isGone(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
