import { MessageChannel, MessagePort } from 'node:worker_threads'
import { closeMoved } from '../../channel/close-moved.ts'
import { movableIn } from '../../channel/clone-guard.ts'
import type { ChannelEnd, Channels } from '../../channel/transport.ts'
import { endOf, portOf, threadChannels } from '../thread.ts'
import { forwardAll, heldBy } from './held-frames.ts'
import { PairEnd } from './pair-end.ts'
import { PortRelay } from './port-relay.ts'
import type { SubChannel } from '../frames/sub-channel.ts'

/**
 * An end of a channel is a MessagePort, in every thread and every process: so it can be posted to a thread as well. One that is posted over a link stays
 * here: a relay passes on what comes out of it. Where the port on the other side of the relay is joined here, relay and port go, and the channel on the
 * link is what is joined.
 */

/** By the port in the hands of somebody here, whose messages go over a link and come from there. */
const relays = new WeakMap<MessagePort, PortRelay>()
/** Of the channels that were made here, by either end. */
const pairs = new WeakMap<MessagePort, { readonly other: MessagePort; joined?: PairEnd }>()

/** For what goes to threads or to processes, over any link of this thread. */
export const linkChannels: Channels = {
  pair: () => {
    const { port1, port2 } = new MessageChannel()
    pairs.set(port1, { other: port2 })
    pairs.set(port2, { other: port1 })
    return [endOf(port1), endOf(port2)]
  },
  join: (end) => {
    const port = portOf(end)
    const channel = takeOver(port)
    if (channel) return channel
    const pair = pairs.get(port)
    return pair ? (pair.joined ??= new PairEnd(port)) : threadChannels.join(end)
  },
  isEnd: (value): value is ChannelEnd => value instanceof MessagePort,
}

/** The end of a channel has come over a link: what somebody here gets for it. */
export function arriveAs(channel: SubChannel): MessagePort {
  const { port1: given, port2: inner } = new MessageChannel()
  relays.set(given, relayOf(channel, inner))
  return given
}

/** A port is posted over a link: its messages go over `channel` from now on, those first that it holds already. */
export function leaveBy(channel: SubChannel, port: MessagePort): void {
  const from = takeOver(port)
  if (from) {
    forwardAll(from.takeArrived(), channel)
    connect(from, channel)
    return
  }
  const other = pairs.get(port)?.other
  const partner = other && pairs.get(other)
  if (partner) {
    forwardAll(heldBy(port), channel)
    if (partner.joined) partner.joined.moveTo(channel)
    else relays.set(other, relayOf(channel, port))
    return
  }
  const moved = takenAway(port)
  if (!moved) {
    channel.close()
    return
  }
  forwardAll(heldBy(moved), channel)
  void relayOf(channel, moved)
}

/** A port that goes on to another thread takes along all that has come for it: there it may be read at once. */
function relayOf(channel: SubChannel, inner: MessagePort): PortRelay {
  return new PortRelay(channel, inner, (port) => relays.get(port)?.begin())
}

/** Closes the ends in something that nobody will get. */
export function closeEnds(value: unknown): void {
  for (const each of movableIn(value)) if (each instanceof MessagePort) takeOver(each)?.close()
  closeMoved(value)
}

/** The channel behind a port, if it is on a link; the port is of no use any more. */
function takeOver(port: MessagePort): SubChannel | undefined {
  const relay = relays.get(port)
  relays.delete(port)
  return relay?.stop(port)
}

function connect(one: SubChannel, other: SubChannel): void {
  passOn(one, other)
  passOn(other, one)
}

function passOn(from: SubChannel, to: SubChannel): void {
  from.receive({ frame: (frame) => to.forward(frame), unreadable: (cause) => to.forwardLoss(cause) })
  from.onClose(() => to.close())
}

/** The same end as another object, so that whoever posted it cannot use it any more. Undefined: it is closed. */
function takenAway(port: MessagePort): MessagePort | undefined {
  try {
    return structuredClone(port, { transfer: [port] })
  } catch {
    return undefined
  }
}
