import type { Transport } from '../../channel/transport.ts'

/** A host of the cluster, as it has joined this time. */
export interface PeerId {
  /** One token: letters, digits, - and _. */
  readonly name: string
  /** Another one each time that it joins. */
  readonly session: string
}

/**
 * Why a link is over. gone: no responders, nobody has that subject; silent: nothing was heard while something was awaited; broken: packets were lost, or
 * the other side broke the protocol; left: one side said goodbye; disconnected: this side's own connection is closed for good.
 */
export type LinkEnd = 'gone' | 'silent' | 'broken' | 'left' | 'disconnected'

export type PeerEnd =
  /** By either side, in order: all that was posted before has arrived. */
  | { readonly why: 'closed' }
  | {
      readonly why: LinkEnd
      /**
       * Frames posted here that have certainly not been taken in there: their packets came back, were never sent, or come after such a packet. Those that are
       * not acknowledged otherwise may have been.
       */
      readonly undelivered: readonly unknown[]
    }

/** A channel to another host. */
export interface PeerChannel extends Transport {
  readonly peer: PeerId
  /** Why it is closed; undefined while it is not. Set before those are told who listen for that. */
  readonly ended: PeerEnd | undefined
  /** bytes that wait to be sent on its link, because of the window or of a connection that is down. */
  readonly backlog: number
  /**
   * Something is awaited of the other side: while any channel of a link is watched, silence of 250 ms is asked about, and one of `silentAfter` ends the
   * link.
   */
  watch(): Disposable
}
