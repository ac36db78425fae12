import type { SharedCallBudget } from '../channel/call-budget.ts'
import type { ChannelEnd } from '../channel/transport.ts'

/** A connection to one generation of a component, for another component. */
export interface PeerConnection {
  readonly end: ChannelEnd
  readonly generation: number
  /** How many calls that may be sent; undefined: any number. */
  readonly budget: SharedCallBudget | undefined
}
