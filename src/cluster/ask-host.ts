import { Caller } from '../channel/caller.ts'
import { decodeError } from '../channel/error-codec.ts'
import type { CallbackLinks } from '../channel/marshal.ts'
import { createRemote } from '../channel/remote.ts'
import { NoHostError } from '../contract/errors.ts'
import type { Remote } from '../contract/remote.ts'
import type { PeerChannel } from '../transport/nats/peer.ts'
import { open } from './calling/opening.ts'
import type { HostApi } from './serving/host-api.ts'

/**
 * Asks another host for something, on a channel of its own.
 *
 * @param timeout ms, for the answer of the host, and again for that of the call.
 * @throws NoHostError when it does not answer; what the call rejects with.
 */
export async function askHost<R>(
  channel: PeerChannel,
  links: CallbackLinks,
  timeout: number,
  ask: (api: Remote<HostApi>) => Promise<R>,
): Promise<R> {
  const name = channel.peer.name
  using _watch = channel.watch()
  try {
    const opened = await open(channel, { kind: 'host' }, timeout)
    if (opened.status === 'unanswered') throw new NoHostError(name, opened.why)
    const { answer, transport } = opened
    if (answer.status === 'refused') throw decodeError(answer.why)
    const caller = new Caller({
      component: `host ${name}`,
      links,
      maxQueue: 1,
      callTimeout: timeout,
      onWaiting: () => {},
    })
    caller.attach(transport, 1)
    channel.onClose(() => caller.ended(1, { reason: 'host-gone', host: name }))
    try {
      return await ask(createRemote<HostApi>(caller, {}))
    } finally {
      caller.close(new NoHostError(name, 'nobody asks any more'))
    }
  } finally {
    channel.close()
  }
}
