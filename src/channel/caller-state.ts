import type { Inbox } from './inbox.ts'
import type { Outbox } from './outbox.ts'
import type { ServerEntry } from './protocol.ts'
import type { Transport } from './transport.ts'

/** What joins a caller with one generation. */
export type Connection = {
  readonly transport: Transport
  readonly inbox: Inbox
  readonly outbox: Outbox<ServerEntry>
  readonly generation: number
  /** Of the last fence. */
  readonly epoch: number
  /** A deadline has passed, and the component has not said since that it listens: new calls wait. */
  readonly unheard: boolean
}

export type CallerState =
  | { readonly status: 'detached' }
  | ({ readonly status: 'open' } & Connection)
  /** The caller sends no more on this connection, but what it sent is still being answered. */
  | ({ readonly status: 'fenced' } & Connection)
  /** It is closed, and nobody has said yet why. */
  | ({ readonly status: 'lost' } & Connection)
  | { readonly status: 'closed' }
