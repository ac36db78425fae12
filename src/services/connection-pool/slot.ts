import type { Connection } from './connection.ts'
import type { Target } from './target.ts'

/** What one of the pool's places is used for. Times are ms since the epoch. */
export type SlotState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'idle'; readonly connection: Connection; readonly since: number }
  | { readonly kind: 'checking'; readonly connection: Connection }
  | { readonly kind: 'held'; readonly connection: Connection; readonly id: string }
  | { readonly kind: 'closing' }

export type SlotEvent =
  | { readonly kind: 'opened'; readonly connection: Connection; readonly at: number }
  | { readonly kind: 'check' }
  | { readonly kind: 'checked'; readonly at: number }
  | { readonly kind: 'obtained'; readonly id: string }
  | { readonly kind: 'released'; readonly at: number }
  | { readonly kind: 'close' }

/** A place in the pool: taken from the moment a connection is being opened until it is closed. */
export class Slot {
  readonly target: Target
  #state: SlotState = { kind: 'opening' }

  constructor(target: Target) {
    this.target = target
  }

  get state(): SlotState {
    return this.#state
  }

  get connection(): Connection | undefined {
    return 'connection' in this.#state ? this.#state.connection : undefined
  }

  apply(event: SlotEvent): void {
    this.#state = nextSlotState(this.#state, event)
  }
}

/** The only way from one state to the next. @throws Error for a step that must not happen: a bug of the pool. */
export function nextSlotState(state: SlotState, event: SlotEvent): SlotState {
  if (event.kind === 'close') return { kind: 'closing' }
  switch (`${state.kind} ${event.kind}` as const) {
    case 'opening opened': {
      const { connection, at } = event as Extract<SlotEvent, { kind: 'opened' }>
      return { kind: 'idle', connection, since: at }
    }
    case 'idle check':
      return { kind: 'checking', connection: connectionOf(state) }
    case 'checking checked':
      return {
        kind: 'idle',
        connection: connectionOf(state),
        since: (event as Extract<SlotEvent, { kind: 'checked' }>).at,
      }
    case 'idle obtained':
      return {
        kind: 'held',
        connection: connectionOf(state),
        id: (event as Extract<SlotEvent, { kind: 'obtained' }>).id,
      }
    case 'held released':
      return {
        kind: 'idle',
        connection: connectionOf(state),
        since: (event as Extract<SlotEvent, { kind: 'released' }>).at,
      }
    default:
      throw new Error(`a connection that is ${state.kind} cannot be ${event.kind}`)
  }
}

function connectionOf(state: SlotState): Connection {
  return (state as Extract<SlotState, { connection: Connection }>).connection
}
