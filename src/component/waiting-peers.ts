import type { SharedCallBudget } from '../channel/call-budget.ts'
import type { Generation } from '../host/generation.ts'
import type { PeerConnection } from './peer-connection.ts'

/**
 * Other components that wait for a connection to what is being loaded. They are connected in the moment in which it is ready, as this thread is: an
 * unload that waits for the load as well would else come first, each time.
 */
export class WaitingPeers {
  /** By what connects it: who it is. */
  readonly #waiting = new Map<(connection: PeerConnection) => void, string>()

  /** @returns undefined: it was loaded already. @throws what `load` rejects with. */
  async connected(from: string, load: Promise<void>): Promise<PeerConnection | undefined> {
    const { promise, resolve } = Promise.withResolvers<PeerConnection>()
    this.#waiting.set(resolve, from)
    const isConnected = (): boolean => !this.#waiting.delete(resolve)
    try {
      await Promise.race([promise, load])
    } catch (error) {
      // Of several copies, others may have failed.
      if (!isConnected()) throw error
      return promise
    }
    return isConnected() ? promise : undefined
  }

  ready(generation: Generation, budget: SharedCallBudget | undefined): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [connect, from] of waiting)
      connect({ end: generation.connectPeer(from), generation: generation.number, budget })
  }
}
