import type { ChannelEnd } from '../channel/transport.ts'

/** A connection to one generation of a component, for another component. */
export interface PeerConnection {
  readonly end: ChannelEnd
  readonly generation: number
}
