import { connect } from '@nats-io/transport-node'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { addressOf, headBytes, PacketKind, writeHead } from '../../src/transport/nats/packet.ts'
import { PeerNetwork } from '../../src/transport/nats/peer-network.ts'
import type { PeerNetworkOptions } from '../../src/transport/nats/peer-network.ts'
import type { PeerChannel, PeerId } from '../../src/transport/nats/peer.ts'
import type { NatsServer } from './nats-server.ts'

export const subjectOf = (name: string): string => `test.host.${name}`

/** A host that has joined: its connection, its network, and the channels that others have opened to it. */
export class PeerHost implements AsyncDisposable {
  readonly id: PeerId
  readonly connection: NatsConnection
  readonly opened: PeerChannel[] = []
  /** What was logged. */
  readonly log: string[] = []
  #network: PeerNetwork | undefined
  #wanted = (): void => {}

  private constructor(id: PeerId, connection: NatsConnection) {
    this.id = id
    this.connection = connection
  }

  static async join(
    server: NatsServer,
    name: string,
    options: Partial<PeerNetworkOptions> & { readonly nats?: NodeConnectionOptions } = {},
  ): Promise<PeerHost> {
    const connection = await connect({ servers: server.url, reconnectTimeWait: 20, ...options.nats })
    const host = new PeerHost({ name, session: `s${++sessions}` }, connection)
    const line = (...parts: readonly unknown[]): void => void host.log.push(parts.map(String).join(' '))
    host.#network = await PeerNetwork.open({
      connection,
      subjectOf,
      self: host.id,
      maxFrameBytes: 64 * 1024 * 1024,
      silentAfter: 60_000,
      onChannel: (channel) => {
        host.opened.push(channel)
        host.#wanted()
      },
      logger: { warn: line, error: line },
      ...options,
    })
    return host
  }

  get network(): PeerNetwork {
    if (!this.#network) throw new Error('It has not joined')
    return this.#network
  }

  /** The next channel that another host opens, or has opened. */
  async nextOpened(): Promise<PeerChannel> {
    if (this.opened.length === 0) await new Promise<void>((resolve) => (this.#wanted = resolve))
    const channel = this.opened.shift()
    if (!channel) throw new Error('None was opened')
    return channel
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await this.connection.close()
  }
}

let sessions = 0

interface RawPacket {
  readonly from: PeerId
  readonly to: PeerId
  readonly kind?: PacketKind
  /** Whether its sender has opened the link. Default true. */
  readonly opener?: boolean
  readonly link?: number
  readonly position?: number
  readonly taken?: number
  /** ms of the sender's clock. */
  readonly sent?: number
  readonly body?: Uint8Array
}

/** A packet as another host writes it, or would if it wished harm. */
export function packetOf(packet: RawPacket): Buffer {
  const { from, to, opener = true, body = Buffer.alloc(0) } = packet
  const { kind = PacketKind.data, link = 1, position = 0, taken = 0, sent = 0 } = packet
  const address = addressOf({ to: to.session, from, opener })
  const head = Buffer.alloc(headBytes(address))
  writeHead(head, { kind, address, link, position, taken, sent })
  return Buffer.concat([head, body])
}
