import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import type { Channels, Transport } from '../../src/channel/transport.ts'
import { linkChannels } from '../../src/transport/process/ends.ts'
import { ProcessLink } from '../../src/transport/process/link.ts'
import { threadChannels } from '../../src/transport/thread.ts'

/** What every connection is tried over: the two ends need not be able to hand anything to each other but bytes. */
export interface Medium {
  readonly channels: Channels
  /** What is posted has arrived at once, and is not still on its way. */
  readonly isImmediate: boolean
  /** The two ends of a new connection. */
  readonly connect: () => readonly [Transport, Transport]
}

export const media: readonly (readonly [name: string, medium: Medium])[] = [
  ['ports', { channels: threadChannels, isImmediate: true, connect: portToPort }],
  ['a link between processes', { channels: linkChannels, isImmediate: false, connect: linked }],
]

function portToPort(): readonly [Transport, Transport] {
  const [ours, theirs] = threadChannels.pair()
  return [threadChannels.join(ours), threadChannels.join(theirs)]
}

/** A link for each connection, and none beside its control channel; over streams that are like sockets, as test/unit opens none. */
function linked(): readonly [Transport, Transport] {
  const [ours, theirs] = duplexPair()
  return [linkOver(ours).control, linkOver(theirs).control]
}

function linkOver(stream: Duplex): ProcessLink {
  // All that a link asks of a socket.
  return new ProcessLink(Object.assign(stream, { ref: () => stream, unref: () => stream }) as unknown as Socket)
}
