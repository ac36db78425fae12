/** Something that is wrong now, or is set up in a way that costs; and what to do about it. */
export interface Advice {
  /** Stable: its kind, and the component it is about, if it is about one: 'growing:orders', 'thrashing'. */
  readonly id: string
  readonly component?: string
  readonly severity: 'info' | 'warning'
  /** A sentence for people, the component's name included. It may change while the piece stands: figures do. */
  readonly message: string
  /** Something is wrong now; else it is about how things are set up. */
  readonly urgent: boolean
  /** Epoch ms: since when it is so, as far as is known. */
  readonly since: number
}

/** A piece of advice begins, or is over: then as it stood last. */
export interface AdviceEvent extends Advice {
  /** The component's. */
  readonly name?: string
  readonly over: boolean
}
