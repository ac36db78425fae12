import { headerBytes, Kind, writeRecordHead } from '../frames/wire.ts'
import type { LinkChannel } from './link-channel.ts'

/** A record on its way, and what it holds, until it is acknowledged. */
export interface OutgoingRecord {
  readonly channel: LinkChannel
  /** What was posted; nothing: the record is the channel's own. */
  readonly posted: { readonly frame: unknown } | undefined
  /** bytes that have not been put into a packet. */
  left: number
  /** As it goes out; or a frame as text, which is written straight into the packet. */
  form: string | Buffer
  /** Where in the stream it ends, once all of it was put into packets. */
  end: number
}

/** One direction of a link's stream: what waits, what is under way, and how much of it there may be. */
export class Outgoing {
  #waiting: OutgoingRecord[] = []
  #underWay: OutgoingRecord[] = []
  #waitingBytes = 0
  #position = 0
  #taken = 0

  /** Where what is put into packets next begins. */
  get position(): number {
    return this.#position
  }

  get inFlight(): number {
    return this.#position - this.#taken
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  add(record: OutgoingRecord): void {
    this.#waiting.push(record)
    this.#waitingBytes += record.left
  }

  /**
   * A packet with as much of what waits as goes into it; its first `head` bytes are still to be written.
   *
   * @param most bytes for what waits.
   */
  next(head: number, most: number): Buffer {
    let [bytes, count] = [0, 0]
    for (const { left } of this.#waiting) {
      if (bytes + left > most) break
      bytes += left
      count++
    }
    if (count === 0) return this.#part(head, most)
    const packet = Buffer.allocUnsafe(head + bytes)
    const records = count === this.#waiting.length ? this.#waiting : this.#waiting.splice(0, count)
    if (records === this.#waiting) this.#waiting = []
    let at = head
    for (const record of records) {
      write(record, packet, at)
      at += record.left
      record.end = this.#position + at - head
      this.#underWay.push(record)
    }
    this.#moved(bytes)
    return packet
  }

  /** All up to there was taken in. @returns false: so much was never sent. */
  acknowledge(taken: number): boolean {
    if (!(taken <= this.#position)) return false
    if (taken <= this.#taken) return true
    this.#taken = taken
    let count = 0
    for (const { end } of this.#underWay) {
      if (end > taken) break
      count++
    }
    if (count === this.#underWay.length) this.#underWay = []
    else this.#underWay.splice(0, count)
    return true
  }

  /** Those that were not taken in whole, if nothing from `position` on was. Nothing is kept after that. */
  undelivered(position: number): readonly OutgoingRecord[] {
    const records = [...this.#underWay.filter(({ end }) => end > position), ...this.#waiting]
    this.#waiting = []
    this.#underWay = []
    this.#waitingBytes = 0
    return records
  }

  /** The next part of a record that is too large for one packet. */
  #part(head: number, most: number): Buffer {
    const record = this.#waiting[0]
    if (!record) throw new Error('Nothing waits')
    const whole = wholeOf(record)
    const part = whole.subarray(0, most)
    const packet = Buffer.allocUnsafe(head + part.length)
    packet.set(part, head)
    record.form = whole.subarray(part.length)
    record.left -= part.length
    this.#moved(part.length)
    return packet
  }

  #moved(bytes: number): void {
    this.#position += bytes
    this.#waitingBytes -= bytes
  }
}

function write({ channel, form, left }: OutgoingRecord, packet: Buffer, at: number): void {
  if (typeof form !== 'string') {
    packet.set(form, at)
    return
  }
  const bodyBytes = left - headerBytes
  const head = { kind: Kind.text, ours: channel.ours, channel: channel.number, ends: 0, bodyBytes, buffers: 0 }
  packet.write(form, writeRecordHead(packet, at, head), bodyBytes)
}

function wholeOf(record: OutgoingRecord): Buffer {
  if (typeof record.form !== 'string') return record.form
  const whole = Buffer.allocUnsafeSlow(record.left)
  write(record, whole, 0)
  return whole
}
