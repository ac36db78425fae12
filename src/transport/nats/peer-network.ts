import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { withDeadline } from '../../base/deadline.ts'
import { monotonicNow } from '../../base/monotonic.ts'
import { messageOf } from '../../contract/describe-value.ts'
import type { Logger } from '../../contract/logger.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { Heartbeat } from './heartbeat.ts'
import { listenTo } from './listen-to.ts'
import { addressOf, headBytes, PacketKind, readAddress, readPacket, writeHead } from './packet.ts'
import type { Packet } from './packet.ts'
import { PeerLink } from './peer-link.ts'
import type { LinkNetwork } from './peer-link.ts'
import type { LinkEnd, PeerChannel, PeerId } from './peer.ts'
import { ReturnSubjects } from './returned.ts'
import type { Statuses } from './statuses.ts'

export interface PeerNetworkOptions {
  /** Whoever connects has loaded the package. */
  readonly connection: NatsConnection
  /** Of the host of that name: all packets to it. Below it is where its own come back. */
  readonly subjectOf: (name: string) => string
  readonly self: PeerId
  /** bytes of the largest frame. A larger one is refused by `post()` with a RangeError, and ends the link when it comes in. */
  readonly maxFrameBytes: number
  /** ms of nothing heard, while watched, after which a link is over ('silent'). */
  readonly silentAfter: number
  /** Another host has opened a channel to this one. */
  readonly onChannel: (channel: PeerChannel, from: PeerId) => void
  readonly logger: Pick<Logger, 'warn' | 'error'>
}

/** bytes of the largest message, until the server has said so: what NATS has by default. */
const usualPayload = 1024 * 1024
/** ms that a goodbye may take to reach the server. Guessed: a hundred times what it does. */
const goodbyePatience = 1_000
/** ms between two lines about what is no packet. Guessed: somebody who sends such sends many. */
const strayEvery = 60_000
/** ms between two lines about links that are broken. Guessed: what breaks one may break the next at once. */
const brokenEvery = 1_000

/** The links to all other hosts, over one connection. It keeps no event loop alive, but for that connection. */
export class PeerNetwork implements AsyncDisposable {
  readonly #options: PeerNetworkOptions
  readonly #returns: ReturnSubjects
  readonly #subscriptions: readonly Subscription[]
  readonly #acknowledgements = new Acknowledgements()
  readonly #heartbeat = new Heartbeat()
  /** Those that are not over, by the address of what comes in on them, and by their ids. */
  readonly #byHearing = new Map<string, PeerLink>()
  readonly #byId = new Map<number, PeerLink>()
  readonly #status: Statuses
  #lastId = 0
  #lastNumber = 0
  #isConnected = true
  #isClosed = false
  #refused: Error | undefined
  /** ms of the monotonic clock at which something was told of that is no packet. */
  #strayTold = Number.NEGATIVE_INFINITY
  /** The same of a link that broke. */
  #brokenTold = Number.NEGATIVE_INFINITY
  readonly #shared: LinkNetwork

  /**
   * Resolves when the server has the subscriptions.
   *
   * @throws the connection's error when it refuses them, or is closed.
   */
  static async open(options: PeerNetworkOptions): Promise<PeerNetwork> {
    const network = new PeerNetwork(options)
    try {
      await options.connection.flush()
      if (network.#refused) throw network.#refused
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: PeerNetworkOptions) {
    const { connection, self } = options
    this.#options = options
    const subject = options.subjectOf(self.name)
    this.#returns = new ReturnSubjects(subject, self.session)
    this.#status = connection.status()
    this.#shared = this.#sharedByLinks()
    this.#subscriptions = [
      this.#subscribe(subject, (message) => this.#arrived(message)),
      this.#subscribe(this.#returns.all, (message) => this.#cameBack(message)),
    ]
    void this.#watchConnection()
  }

  /** A channel to that session of that host, on a new link if the one that there was is over. Costs nothing until something is posted. */
  channel(to: PeerId): PeerChannel {
    const link = this.#byHearing.get(this.#hearsAs(to, true)) ?? this.#add(to, true, ++this.#lastNumber)
    const channel = link.channel()
    if (this.#isClosed) link.end('left')
    else if (!this.#isConnected && this.#options.connection.isClosed()) link.end('disconnected')
    return channel
  }

  /** The links to it are over now: somebody knows better. */
  end(to: PeerId, why: LinkEnd): void {
    for (const ours of [true, false]) {
      const link = this.#byHearing.get(this.#hearsAs(to, ours))
      if (why === 'gone' || why === 'disconnected') link?.end(why)
      else link?.giveUp(why)
    }
  }

  /** Says goodbye to all. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const link of this.#byId.values()) link.leave()
    this.#release()
    this.#status.stop?.()
    if (!this.#isConnected) return
    // Closed meanwhile, it has taken its subscriptions and the goodbye with it.
    await withDeadline(
      this.#options.connection.flush().catch(() => {}),
      goodbyePatience,
    )
  }

  #sharedByLinks(): LinkNetwork {
    const { connection, subjectOf, maxFrameBytes, silentAfter, onChannel } = this.#options
    const isConnected = (): boolean => this.#isConnected
    return {
      maxFrameBytes,
      silentAfter,
      get isConnected() {
        return isConnected()
      },
      get maxPayload() {
        return connection.info?.max_payload ?? usualPayload
      },
      publish: (link, packet, position) => this.#publish(link, subjectOf(link.place.peer.name), packet, position),
      owes: (link) => this.#acknowledgements.owes(link),
      watch: (link) => this.#heartbeat.watch(link),
      opened: (channel) => onChannel(channel, channel.peer),
      broken: (link, cause) => this.#broken(link, cause),
      over: (link) => this.#remove(link),
    }
  }

  #subscribe(subject: string, take: (message: Msg) => void): Subscription {
    const { connection, logger } = this.#options
    return listenTo(connection, subject, {
      take: (message) => {
        if (!this.#isClosed) take(message)
      },
      refused: (error) => this.#refusedBy(error),
      failed: (thrown) => logger.error({ err: thrown }, `A message on the subject "${subject}" could not be taken in`),
    })
  }

  #refusedBy(error: Error): void {
    this.#refused = error
    this.#options.logger.error({ err: error }, 'The NATS server does not let this host hear the others')
  }

  #arrived(message: Msg): void {
    const packet = readPacket(message.data)
    if (!packet) {
      this.#stray(message.subject)
      return
    }
    const link = this.#byHearing.get(packet.address)
    if (link?.place.number === packet.link) link.take(packet)
    else this.#arrivedElsewhere(packet, link)
  }

  #stray(subject: string): void {
    const now = monotonicNow()
    if (now - this.#strayTold < strayEvery) return
    this.#strayTold = now
    this.#options.logger.warn(`Something that is no packet of a host has come on the subject "${subject}"`)
  }

  #broken({ place }: PeerLink, cause: unknown): void {
    const now = monotonicNow()
    if (now - this.#brokenTold < brokenEvery) return
    this.#brokenTold = now
    this.#options.logger.warn(`The link to host "${place.peer.name}" is broken: ${messageOf(cause)}`)
  }

  /** @param link the one that there is by now in place of the packet's. */
  #arrivedElsewhere(packet: Packet, link: PeerLink | undefined): void {
    const address = readAddress(packet.address)
    // Of an earlier session of this host, or another one that goes by its name: that is not for this one to answer.
    if (!address || address.to !== this.#options.self.session) return
    const { from, opener } = address
    if (link && packet.link < link.place.number) return
    if (opener && packet.kind === PacketKind.data && packet.position === 0) {
      link?.end('broken')
      this.#add(from, false, packet.link).take(packet)
    } else if (packet.kind !== PacketKind.over) this.#sayUnknown(packet, from, opener)
  }

  /** Whoever sent this has missed that its link is over, or this host has missed how it began. */
  #sayUnknown({ link, position }: Packet, from: PeerId, opener: boolean): void {
    const address = addressOf({ to: from.session, from: this.#options.self, opener: !opener })
    const packet = Buffer.alloc(headBytes(address) + 1)
    writeHead(packet, { kind: PacketKind.over, address, link, position, taken: -1, sent: monotonicNow() })
    if (this.#isConnected) this.#options.connection.publish(this.#options.subjectOf(from.name), packet)
  }

  #cameBack(message: Msg): void {
    const returned = this.#returns.read(message)
    if (returned) this.#byId.get(returned.link)?.cameBack(returned.position)
  }

  #publish(link: PeerLink, subject: string, packet: Buffer, position: number | undefined): void {
    const reply = position === undefined ? '' : this.#returns.subject(link.place.id, position)
    try {
      this.#options.connection.publish(subject, packet, { reply })
    } catch (error) {
      const { connection, logger } = this.#options
      if (!connection.isClosed() && !connection.isDraining())
        logger.error({ err: error }, `Nothing can be sent to host "${link.place.peer.name}"`)
      link.end('disconnected', position)
    }
  }

  #add(peer: PeerId, ours: boolean, number: number): PeerLink {
    const sendsAs = addressOf({ to: peer.session, from: this.#options.self, opener: ours })
    const place = { peer, ours, number, id: ++this.#lastId, sendsAs, hearsAs: this.#hearsAs(peer, ours) }
    const link = new PeerLink(this.#shared, place)
    this.#byHearing.set(place.hearsAs, link)
    this.#byId.set(place.id, link)
    return link
  }

  #hearsAs(from: PeerId, ours: boolean): string {
    return addressOf({ to: this.#options.self.session, from, opener: !ours })
  }

  #remove({ place }: PeerLink): void {
    this.#byHearing.delete(place.hearsAs)
    this.#byId.delete(place.id)
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#status) {
      if (type === 'disconnect') this.#isConnected = false
      else if (type === 'reconnect') {
        this.#isConnected = true
        for (const link of this.#byId.values()) link.resume()
      }
    }
    if (this.#isClosed) return
    this.#isConnected = false
    for (const link of this.#byId.values()) link.end('disconnected')
    this.#release()
  }

  #release(): void {
    this.#acknowledgements[Symbol.dispose]()
    this.#heartbeat[Symbol.dispose]()
    for (const subscription of this.#subscriptions) if (!subscription.isClosed()) subscription.unsubscribe()
  }
}
