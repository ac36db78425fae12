import { monotonicNow } from '../../base/monotonic.ts'
import type { Movable } from '../../channel/transport.ts'
import { decodeFrame } from '../frames/frame-codec.ts'
import { RecordReader } from '../frames/record-reader.ts'
import type { IncomingRecord } from '../frames/record-reader.ts'
import { guarded } from '../frames/sub-channel.ts'
import { Kind } from '../frames/wire.ts'
import { arrivedFrame } from './frame-entries.ts'
import { LinkChannel } from './link-channel.ts'
import type { PeerWire } from './link-channel.ts'
import { Outgoing } from './outgoing.ts'
import type { OutgoingRecord } from './outgoing.ts'
import { headBytes, PacketKind, writeHead } from './packet.ts'
import type { Packet } from './packet.ts'
import { noEnd } from './peer-channels.ts'
import type { LinkEnd, PeerId } from './peer.ts'
import { recordOf, recordOfFrame } from './record.ts'
import { Silence } from './silence.ts'

/**
 * bytes that are sent and not acknowledged, after which nothing more is sent. Measured on loopback (two processes, values of 5 MB and 100 kB): a quarter of
 * it takes twice the time, and four times as much is no faster.
 */
const windowBytes = 1024 * 1024
/** bytes of a packet, if the server allows that. Measured with that window: larger ones, 128 KiB and 1 MiB, take up to twice the time. */
const packetBytes = 32 * 1024
/** Of the window: so much is acknowledged at once. */
const takenAtOnce = windowBytes / 4
/** The highest number of a channel; after it they begin again. */
const mostChannels = 2 ** 31
/** Channels that another host may have open on one link. Guessed: ten times what anybody needs. */
const mostOpen = 100_000
/** The link is not there. */
const unknown = -1
const settled = Promise.resolve()

/** What a link needs of all that are on the same connection. */
export interface LinkNetwork {
  /** bytes of the largest frame. */
  readonly maxFrameBytes: number
  /** ms of nothing heard after which a link that is watched is over. */
  readonly silentAfter: number
  /** False: what is sent now may be lost. */
  readonly isConnected: boolean
  /** bytes of the largest message. */
  readonly maxPayload: number
  /** @param position where the packet is in the stream, if it matters whether anybody gets it. */
  publish(link: PeerLink, packet: Buffer, position?: number): void
  /** Something was taken in that is to be acknowledged soon. */
  owes(link: PeerLink): void
  /** Silence on it is to be asked about from now on, while it is `isWatched`. */
  watch(link: PeerLink): void
  opened(channel: LinkChannel): void
  /** The other side has broken the protocol, or what it sent is lost. */
  broken(link: PeerLink, cause: unknown): void
  over(link: PeerLink): void
}

/** in doubt: the connection was down; what was sent may be lost, and the other side be not back yet. Until something is heard of it nothing is sent. */
type State = 'open' | 'in doubt' | 'over'

/** How a link is known. */
export interface LinkPlace {
  readonly peer: PeerId
  /** Whether this side has opened it, and opens the channels on it. */
  readonly ours: boolean
  /** Higher than that of any link that the same side opened before. */
  readonly number: number
  /** By which what comes back of it is told here; 1 or more. */
  readonly id: number
  /** The address of its packets, and of those that come in on it. */
  readonly sendsAs: string
  readonly hearsAs: string
}

/** All channels that one host has opened to another, until something is lost. */
export class PeerLink {
  readonly place: LinkPlace
  readonly #network: LinkNetwork
  readonly #wire: PeerWire
  readonly #head: number
  readonly #outgoing = new Outgoing()
  readonly #reader: RecordReader
  readonly #channels = new Map<number, LinkChannel>()
  readonly #watched = new Set<LinkChannel>()
  #lastChannel = 0
  #state: State = 'open'
  /** Where in the other side's stream what comes next begins. */
  #position = 0
  /** bytes that were taken in and are not acknowledged. */
  #owed = 0
  /** ms that this clock is ahead of the other side's, and what is on the way longer than usual. */
  #ahead = 0
  #isLeaving = false
  #leaving: (() => void)[] = []
  readonly #silence: Silence

  constructor(network: LinkNetwork, place: LinkPlace) {
    this.#network = network
    this.place = place
    this.#head = headBytes(place.sendsAs)
    const reading = { begins: 'header', mostBytes: network.maxFrameBytes } as const
    this.#reader = new RecordReader((record) => this.#takeRecord(record), reading)
    this.#silence = new Silence(network.silentAfter, () => this.giveUp('silent'))
    const outgoing = this.#outgoing
    this.#wire = {
      peer: place.peer,
      get backlog() {
        return outgoing.waitingBytes
      },
      post: (channel, frame, moved) => this.#post(channel as LinkChannel, frame, moved === 'all' ? undefined : moved),
      postLoss: () => {},
      close: (channel) => this.#close(channel as LinkChannel),
      whenLeaving: (post) => this.#whenLeaving(post),
      discard: () => {},
      watched: (channel, isWatched) => this.#watch(channel, isWatched),
    }
  }

  /** A word from the other side is awaited. */
  get isWatched(): boolean {
    if (this.#state === 'open') return this.#isKnownThere && (this.#watched.size > 0 || this.#outgoing.inFlight > 0)
    return this.#state === 'in doubt'
  }

  /** Nothing goes out until something is posted to it. */
  channel(): LinkChannel {
    do this.#lastChannel = (this.#lastChannel % mostChannels) + 1
    while (this.#channels.has(this.#lastChannel))
    const channel = new LinkChannel(this.#wire, true, this.#lastChannel)
    this.#channels.set(channel.number, channel)
    return channel
  }

  /** Its packet, of this link. */
  take(packet: Packet): void {
    if (this.#state === 'over') return
    this.#state = 'open'
    this.#silence.broken()
    try {
      if (packet.kind === PacketKind.over) {
        const from = packet.taken === unknown ? this.#outgoing.position : packet.taken
        this.end(packet.body[0] === 1 ? 'left' : 'broken', from)
        return
      }
      if (packet.position !== this.#position)
        throw new Error(`bytes ${this.#position} to ${packet.position} of what it sent are lost`)
      if (!this.#outgoing.acknowledge(packet.taken)) throw new Error('it acknowledged what was never sent')
      if (packet.kind === PacketKind.data) this.#takeData(packet)
      else if (packet.kind === PacketKind.ping) this.acknowledge()
      this.#send()
    } catch (cause) {
      this.#network.broken(this, cause)
      this.giveUp('broken')
    }
  }

  /** Says what was taken in, if nothing else is to be said. */
  acknowledge(): void {
    if (this.#network.isConnected) this.#say(PacketKind.taken)
  }

  /** Says what was taken in, unless that has been said. */
  acknowledgeOwed(): void {
    if (this.#owed > 0) this.acknowledge()
  }

  /** Every 125 ms while it is watched: silence is asked about, and for some time only. */
  tick(): void {
    if (this.#silence.notice()) this.#ask()
  }

  /** The connection is there again. Nothing is sent until the other side has said what has come: what was lost shows in that. */
  resume(): void {
    if (this.#state === 'over' || !this.#isKnownThere) return
    this.#state = 'in doubt'
    this.#network.watch(this)
    this.#ask()
  }

  /** A packet of it came back: nobody is there. */
  cameBack(position: number): void {
    // A question that was asked too soon, the other side may be about to come back as well.
    if (this.#state === 'in doubt' && position === this.#outgoing.position) return
    if (position <= this.#outgoing.position) this.end('gone', position)
  }

  /** What was posted is sent, as far as it goes, and the other side is told that this one leaves. */
  leave(): void {
    if (this.#state === 'over') return
    this.#leave()
    this.giveUp('left')
  }

  /** Over for this side, which tells the other. */
  giveUp(why: LinkEnd): void {
    if (this.#state === 'over') return
    if (this.#network.isConnected) {
      const packet = this.#packet(PacketKind.over, 1)
      packet[this.#head] = why === 'left' ? 1 : 0
      this.#network.publish(this, packet)
    }
    this.end(why)
  }

  /** @param from position from which on nothing was taken in there. Default: of what was sent, nobody knows. */
  end(why: LinkEnd, from = this.#outgoing.position): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#silence[Symbol.dispose]()
    this.#reader.close()
    const undelivered = Map.groupBy(this.#outgoing.undelivered(from), ({ channel }) => channel)
    this.#network.over(this)
    const channels = [...this.#channels.values()]
    for (const channel of channels) {
      const records = undelivered.get(channel) ?? []
      channel.endsWith(
        why,
        records.flatMap(({ posted }) => (posted ? [posted.frame] : [])),
      )
    }
    this.#channels.clear()
    this.#watched.clear()
    for (const channel of channels) channel.end()
  }

  /** Of a link on which nothing was sent yet, whoever has not opened it knows nothing. */
  get #isKnownThere(): boolean {
    return !this.place.ours || this.#outgoing.position > 0
  }

  #ask(): void {
    if (this.#network.isConnected && this.#isKnownThere) this.#say(PacketKind.ping, this.#outgoing.position)
  }

  #post(channel: LinkChannel, frame: unknown, moved: readonly Movable[] | undefined): void {
    const record = recordOfFrame(channel, frame, moved, this.#network.maxFrameBytes)
    if (this.#state === 'over') channel.notDelivered(frame)
    else if (channel.state === 'open') {
      if (!channel.isBegun) {
        channel.isBegun = true
        this.#add(recordOf(channel, Kind.open))
      }
      this.#add(record)
    }
  }

  #close(channel: LinkChannel): void {
    if (channel.isBegun) this.#add(recordOf(channel, Kind.close))
    else this.#channels.delete(channel.number)
  }

  #add(record: OutgoingRecord): void {
    if (this.#state === 'over') return
    this.#outgoing.add(record)
    this.#leaveSoon()
  }

  #whenLeaving(post: () => void): void {
    this.#leaving.push(post)
    this.#leaveSoon()
  }

  #leaveSoon(): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    // A third of what queueMicrotask() costs, which makes an AsyncResource each time.
    void settled.then(this.#leave)
  }

  readonly #leave = (): void => {
    // What they post leaves with it.
    this.#isLeaving = true
    for (const post of this.#leaving.splice(0)) guarded(post)
    this.#isLeaving = false
    this.#send()
  }

  #send(): void {
    const outgoing = this.#outgoing
    const network = this.#network
    while (outgoing.waitingBytes > 0 && outgoing.inFlight < windowBytes && this.#maySend) {
      const { position } = outgoing
      const packet = outgoing.next(this.#head, Math.min(packetBytes, network.maxPayload) - this.#head)
      this.#write(packet, PacketKind.data, position)
      network.publish(this, packet, position)
    }
    if (outgoing.inFlight > 0) network.watch(this)
  }

  get #maySend(): boolean {
    return this.#state === 'open' && this.#network.isConnected
  }

  #say(kind: PacketKind, position?: number): void {
    this.#network.publish(this, this.#packet(kind, 0), position)
  }

  #packet(kind: PacketKind, bodyBytes: number): Buffer {
    const packet = Buffer.allocUnsafe(this.#head + bodyBytes)
    this.#write(packet, kind, this.#outgoing.position)
    return packet
  }

  #write(packet: Buffer, kind: PacketKind, position: number): void {
    this.#owed = 0
    const { sendsAs: address, number: link } = this.place
    writeHead(packet, { kind, address, link, position, taken: this.#position, sent: monotonicNow() })
  }

  #watch(channel: LinkChannel, isWatched: boolean): void {
    if (!isWatched) {
      this.#watched.delete(channel)
      if (!this.isWatched) this.#silence[Symbol.dispose]()
      return
    }
    this.#watched.add(channel)
    this.#network.watch(this)
  }

  #takeData({ body, sent }: Packet): void {
    this.#position += body.length
    this.#owed += body.length
    this.#ahead = monotonicNow() - sent
    this.#reader.push(body)
    if (this.#state === 'over') return
    if (this.#owed >= takenAtOnce) this.acknowledge()
    else this.#network.owes(this)
  }

  #takeRecord({ kind, theirs, channel: number, body, buffers, ends }: IncomingRecord): void {
    // What came before it in the same packet has ended the link.
    if (this.#state === 'over') return
    if (theirs === this.place.ours || ends.length > 0) throw new Error('it sent what has no place on this link')
    const channel = this.#channels.get(number)
    if (kind === Kind.open) {
      if (!theirs || channel) throw new Error(`it opened channel ${number}, which is open`)
      if (this.#channels.size >= mostOpen) throw new Error(`it has opened more than ${mostOpen} channels`)
      const opened = new LinkChannel(this.#wire, false, number)
      opened.isBegun = true
      this.#channels.set(number, opened)
      guarded(() => this.#network.opened(opened))
      return
    }
    if (!channel?.isBegun) throw new Error(`it sent something on channel ${number}, which is not open`)
    switch (kind) {
      case Kind.frame:
        this.#arrive(channel, () => decodeFrame(body, buffers, noEnd))
        return
      case Kind.text:
        this.#arrive(channel, () => JSON.parse(body.toString()) as unknown)
        return
      case Kind.close:
        // Unless it is the answer to this side's own.
        if (channel.state === 'open') this.#add(recordOf(channel, Kind.close))
        this.#channels.delete(number)
        channel.closedThere()
        return
      case Kind.lost:
        throw new Error('it sent what has no place on this link')
    }
  }

  #arrive(channel: LinkChannel, read: () => unknown): void {
    if (channel.state === 'closed') return
    let frame: unknown
    try {
      frame = read()
    } catch (cause) {
      channel.arrive({ cause })
      return
    }
    arrivedFrame(frame, this.#ahead)
    channel.arrive({ frame, ends: none })
  }
}

const none: readonly never[] = []
