import type { Transferable } from 'node:worker_threads'

/**
 * Carries the frames of one connection, whatever the distance: each arrives once, whole and in the order in which they were posted, until one end
 * closes the connection or is gone. What was posted before that still arrives.
 *
 * It keeps no event loop alive: whoever has something under way does that.
 */
export interface Transport {
  /** What arrives goes to `receiver` from now on; called once at most. */
  receive(receiver: FrameReceiver): void
  /**
   * @param moved what in the frame is handed over, not cloned: ends of channels, and what was named to `transfer()`. What cannot move that far, bytes to
   * another process say, arrives as a copy.
   * @throws when the frame cannot be serialized; then nothing was sent, and nothing has moved.
   */
  post(frame: unknown, moved?: readonly Movable[]): void
  /**
   * Calls back when what is posted would really leave, which may be later in the turn: who posts then posts what is true by then. Without it that is at
   * once, and what waits for others to leave with it does so until the end of the microtask.
   */
  whenLeaving?(post: () => void): void
  /**
   * The next frame of those that have arrived already, without waiting for the event loop; undefined: there is none.
   *
   * @throws when it cannot be read; it is taken all the same.
   */
  takeNext(): { readonly frame: unknown } | undefined
  /** Calls back once when the connection is closed, by whichever end. Returns what takes that back. */
  onClose(listener: () => void): () => void
  close(): void
}

export interface FrameReceiver {
  frame(frame: unknown): void
  /** In place of a frame that cannot be deserialized here. */
  unreadable(cause: unknown): void
}

/**
 * One end of a channel that nobody has joined: a value that travels in a frame, named among what moves, together with all that was posted to it.
 * Only `Channels` looks into it.
 */
export interface ChannelEnd {
  readonly [end]: 'end of a channel'
}
declare const end: unique symbol

export type Movable = Transferable | ChannelEnd

/**
 * Makes channels for what needs one of its own: a callback, a call that waits, a connection between two others. An end is good in any thread of this
 * process; a transport that leaves the process joins the ends that it carries, and passes on what comes out of them.
 */
export interface Channels {
  pair(): readonly [ChannelEnd, ChannelEnd]
  join(end: ChannelEnd): Transport
  /** For what came from elsewhere. */
  isEnd(value: unknown): value is ChannelEnd
}
