import type { PolicyClock } from '../base/policy-clock.ts'
import type { CallWatch } from './call-watch.ts'
import type { CallLink } from '../locks/call-links.ts'
import type { CallbackLinks } from './marshal.ts'

export interface CallerOptions {
  readonly component: string
  readonly links: CallbackLinks
  /** Most calls under way and waiting together; further ones reject with OverloadedError. */
  readonly maxQueue: number
  /** Calls under way at most on each connection; further ones wait. Default: any number. */
  readonly concurrency?: number | undefined
  /** What deadlines go by; the other end hears of those of the real clock only, which is the default. */
  readonly clock?: PolicyClock | undefined
  /** Deadline, ms, of calls that say nothing of one. */
  readonly callTimeout?: number | undefined
  /** Methods, nested ones joined with dots, whose calls are sent again, once, when their worker crashed. */
  readonly idempotent?: ReadonlySet<string> | undefined
  /**
   * Called when a call waits and there is no connection, or none that takes another call: somebody should `attach` one, or, where there is none,
   * `rejectWaiting`.
   */
  readonly onWaiting: () => void
  /**
   * A call that was sent to that generation was not begun there: it waits again, for whichever generation is attached next or takes calls still. With this
   * callers keep what they send until it is answered.
   */
  readonly onRefused?: (generation: number, why: unknown) => void
  /** Whether it is loaded, for calls with `ifLoaded`. Default: whether there is a connection to it. */
  readonly isLoaded?: () => boolean
  /** Called with true when the first call or stream begins, with false when none has been under way for a turn of the event loop. */
  readonly onBusy?: (busy: boolean) => void
  /** Called when a connection is over, or closed for good. */
  readonly onEnded?: () => void
  /** Called when a call that was sent has timed out, and that generation has not shown since that it listens: it may be stuck. */
  readonly onTimeout?: (generation: number) => void
  /** ms to wait, after a connection closed, for `ended` to say why. Default 250. */
  readonly endGrace?: number
  /**
   * Called with what a call rejects with that has failed: not with what its caller did, an abort say. `isAnswer`: the component has answered with
   * it; else it was not reached, or did not answer.
   */
  readonly onFailed?: (error: unknown, isAnswer: boolean) => void
  /** Is told of calls that settle. */
  readonly watch?: CallWatch
  /** W3C Trace Context of calls that say nothing of their own about it. */
  readonly traceparent?: () => string | undefined
  /** Links a call that is about to be made with the locks of whoever makes it, if there are any. `queued`: it has to wait for a connection. */
  readonly linkCall?: ((component: string, queued: boolean) => CallLink | undefined) | undefined
}
