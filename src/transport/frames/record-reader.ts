import { headerBytes, Kind, mostFrameBytes, mostListed, numberBytes, preamble, preambleFault } from './wire.ts'

export interface IncomingRecord {
  readonly kind: Kind
  /** Whether the other side opened the channel. */
  readonly theirs: boolean
  readonly channel: number
  /** Good only until the next bytes come. */
  readonly body: Buffer
  readonly ends: readonly number[]
  readonly buffers: readonly ArrayBuffer[]
}

/** bytes that are set aside because they are announced; of more, only as they come. Guessed: what does not matter, if nothing comes. */
const trustedBytes = 16 * 1024 * 1024
/** bytes that are kept for what comes in pieces, to be used again. */
const keptBytes = 256 * 1024

interface Header {
  readonly kind: Kind
  readonly theirs: boolean
  readonly channel: number
  readonly ends: number
  readonly bodyBytes: number
  readonly buffers: number
}

interface Filling {
  readonly at: 'buffers'
  readonly header: Header
  readonly ends: readonly number[]
  readonly lengths: readonly number[]
  readonly body: Buffer
  readonly done: ArrayBuffer[]
}

type State =
  | { readonly at: 'preamble' }
  | { readonly at: 'header' }
  | { readonly at: 'lists'; readonly header: Header }
  | {
      readonly at: 'body'
      readonly header: Header
      readonly ends: readonly number[]
      readonly lengths: readonly number[]
    }
  | Filling

const none: readonly never[] = []
const noBytes = Buffer.alloc(0)

interface Reading {
  /** What the bytes begin with. Default: the preamble. */
  readonly begins?: 'preamble' | 'header'
  /** bytes of the largest frame. Default: what Node can hold. */
  readonly mostBytes?: number
}

/** Takes records out of bytes, in whatever pieces those come: what is whole in one is read where it is. */
export class RecordReader {
  readonly #take: (record: IncomingRecord) => void
  readonly #mostBytes: number
  #state: State
  /** The beginning of what is next, while it is not whole. */
  #partial = noBytes
  #partialBytes = 0
  /** The buffer that is being filled. */
  #target = noBytes
  #filled = 0

  /** @param take called for each record. What it throws, `push` throws. */
  constructor(
    take: (record: IncomingRecord) => void,
    { begins = 'preamble', mostBytes = mostFrameBytes }: Reading = {},
  ) {
    this.#take = take
    this.#mostBytes = mostBytes
    this.#state = { at: begins }
  }

  /** Nothing has come of a record that has not come whole. */
  get atBoundary(): boolean {
    const { at } = this.#state
    return (at === 'header' || at === 'preamble') && this.#partialBytes === 0
  }

  /**
   * Bytes have come. They are not kept.
   *
   * @throws Error when they break the protocol; after that it takes no more.
   */
  push(bytes: Buffer): void {
    let at = 0
    for (;;) {
      const state = this.#state
      if (state.at === 'buffers') {
        const part = Math.min(this.#target.length - this.#filled, bytes.length - at)
        this.#target.set(bytes.subarray(at, at + part), this.#filled)
        this.#filled += part
        at += part
        if (!this.#bufferCame(state) && at === bytes.length) return
        continue
      }
      const wanted = wantedBytes(state)
      let whole: Buffer
      if (this.#partialBytes === 0 && bytes.length - at >= wanted) {
        whole = bytes.subarray(at, at + wanted)
        at += wanted
      } else {
        const part = Math.min(wanted - this.#partialBytes, bytes.length - at)
        this.#keep(bytes.subarray(at, at + part), wanted)
        at += part
        if (this.#partialBytes < wanted) return
        whole = this.#partial.subarray(0, wanted)
        this.#partialBytes = 0
      }
      this.#came(state, whole)
      if (this.#partialBytes === 0 && this.#partial.length > keptBytes) this.#partial = noBytes
    }
  }

  /** Nothing comes any more: what has come of a record is dropped. */
  close(): void {
    this.#state = { at: 'header' }
    this.#partial = noBytes
    this.#partialBytes = 0
    this.#target = noBytes
    this.#filled = 0
  }

  #keep(bytes: Buffer, wanted: number): void {
    const size = this.#partialBytes + bytes.length
    if (this.#partial.length < size) {
      const room = wanted <= trustedBytes ? wanted : Math.min(wanted, Math.max(trustedBytes, 2 * size))
      const larger = Buffer.allocUnsafeSlow(Math.max(room, 1024))
      larger.set(this.#partial.subarray(0, this.#partialBytes))
      this.#partial = larger
    }
    this.#partial.set(bytes, this.#partialBytes)
    this.#partialBytes = size
  }

  #came(state: Exclude<State, Filling>, bytes: Buffer): void {
    switch (state.at) {
      case 'preamble': {
        const fault = preambleFault(bytes)
        if (fault !== undefined) throw new Error(fault)
        this.#state = { at: 'header' }
        return
      }
      case 'header': {
        const header = headerOf(bytes, this.#mostBytes)
        this.#state =
          header.ends + header.buffers > 0 ? { at: 'lists', header } : { at: 'body', header, ends: none, lengths: none }
        return
      }
      case 'lists': {
        const { header } = state
        const numbers = Array.from({ length: header.ends + header.buffers }, (_, i) =>
          bytes.readUInt32LE(i * numberBytes),
        )
        const lengths = numbers.slice(header.ends)
        const total = lengths.reduce((sum, length) => sum + length, header.bodyBytes)
        if (total > this.#mostBytes) throw new Error(`it announced a frame of ${total} bytes`)
        this.#state = { at: 'body', header, ends: numbers.slice(0, header.ends), lengths }
        return
      }
      case 'body': {
        const { header, ends, lengths } = state
        if (lengths.length === 0) {
          this.#finish(header, bytes, ends, none)
          return
        }
        // The buffers may be long in coming.
        const next: Filling = { at: 'buffers', header, ends, lengths, body: Buffer.from(bytes), done: [] }
        this.#state = next
        this.#begin(next)
        return
      }
    }
  }

  #finish(
    { kind, theirs, channel }: Header,
    body: Buffer,
    ends: readonly number[],
    buffers: readonly ArrayBuffer[],
  ): void {
    this.#state = { at: 'header' }
    this.#take({ kind, theirs, channel, body, ends, buffers })
  }

  /** Sets aside what the next buffer needs at first. */
  #begin({ done, lengths }: Filling): void {
    this.#target = Buffer.allocUnsafeSlow(Math.min(lengths[done.length] ?? 0, trustedBytes))
    this.#filled = 0
  }

  /** @returns false: it is not whole. */
  #bufferCame(state: Filling): boolean {
    const { header, ends, lengths, body, done } = state
    while (this.#filled === this.#target.length) {
      const length = lengths[done.length] ?? 0
      if (this.#filled < length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(length, 2 * this.#filled))
        larger.set(this.#target)
        this.#target = larger
        continue
      }
      // It was made as an ArrayBuffer of its own.
      done.push(this.#target.buffer)
      this.#target = noBytes
      this.#filled = 0
      if (done.length === lengths.length) {
        this.#finish(header, body, ends, done)
        return true
      }
      this.#begin(state)
    }
    return false
  }
}

function wantedBytes(state: Exclude<State, Filling>): number {
  switch (state.at) {
    case 'preamble':
      return preamble.length
    case 'header':
      return headerBytes
    case 'lists':
      return numberBytes * (state.header.ends + state.header.buffers)
    case 'body':
      return state.header.bodyBytes
  }
}

const kinds: ReadonlySet<number> = new Set(Object.values(Kind))

function headerOf(bytes: Buffer, mostBytes: number): Header {
  const kind = bytes[0] ?? 0
  const bodyBytes = bytes.readUInt32LE(8)
  const buffers = bytes.readUInt32LE(12)
  if (!kinds.has(kind) || (bytes[1] ?? 0) > 1) throw new Error(`it sent what is no record (kind ${kind})`)
  if (bodyBytes > mostBytes) throw new Error(`it announced a frame of ${bodyBytes} bytes`)
  if (buffers > mostListed) throw new Error(`it announced ${buffers} buffers`)
  return {
    kind: kind as Kind,
    theirs: bytes[1] === 1,
    channel: bytes.readUInt32LE(4),
    ends: bytes.readUInt16LE(2),
    bodyBytes,
    buffers,
  }
}
