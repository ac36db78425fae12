import type { LoadCause } from '../contract/load-cause.ts'
import type { PeerConnection } from './peer-connection.ts'
import type { ResolvedDefinition } from './definition.ts'

/** Another component of the same coordinator. */
export interface Peer {
  readonly definition: ResolvedDefinition
  /** @param chain who needs it, outermost first, for the error's path. */
  load(cause: LoadCause, chain: readonly string[]): Promise<void>
  /**
   * A connection to it; loads it first.
   *
   * @param from who calls.
   * @param connected generations that whoever asks is connected to already, all of which are busy.
   * @returns undefined: it has to do with those.
   */
  connectPeer(from: string, connected: readonly number[]): Promise<PeerConnection | undefined>
}

/** Finds other components by name. */
export interface Peers {
  /** @throws ComponentNotFoundError */
  peer(name: string): Peer
  peerIfAny(name: string): Peer | undefined
}

/**
 * Asks the component of that name for something. One that was unregistered meanwhile is no answer when another has taken its name: then that one is
 * asked.
 *
 * @throws ComponentNotFoundError; what `ask` rejects with.
 */
export async function askCurrent<T>(peers: Peers, name: string, ask: (peer: Peer) => Promise<T>): Promise<T> {
  for (;;) {
    const peer = peers.peer(name)
    try {
      return await ask(peer)
    } catch (error) {
      const current = peers.peerIfAny(name)
      if (!current || current === peer) throw error
    }
  }
}
