import type { ServerResponse } from 'node:http'
import { monotonicNow } from '../base/monotonic.ts'

/** Bytes that a viewer may be behind by; it gets a fresh snapshot once it has caught up. */
const mostBehind = 1024 ** 2
/**
 * ms after which a viewer is ended: of which nothing left this process any more, and that has been behind. Guessed: longer than a connection on the move
 * pauses; whoever still wants to see comes back by itself, to a fresh snapshot.
 */
const patience = { still: 30_000, behind: 60_000 }

/** What is to be done with a viewer next: send it ticks, wait, send it a snapshot, end it. */
export type Reading = 'reading' | 'behind' | 'caught up' | 'stalled'

/** One who looks on, and how far it has come in reading. */
export class Viewer {
  readonly response: ServerResponse
  readonly #now: () => number
  /** Since when it has missed ticks. */
  #behindSince: number | undefined
  /** Bytes that were written to it, and of these the ones that had left when last looked. */
  #given = 0
  #left = 0
  #movedAt: number

  constructor(response: ServerResponse, now: () => number = monotonicNow) {
    this.response = response
    this.#now = now
    this.#movedAt = now()
  }

  write(message: Buffer): void {
    this.#given += message.length
    this.response.write(message)
  }

  /** Asked before each tick. */
  look(): Reading {
    const now = this.#now()
    const { writableLength: waiting } = this.response
    const left = this.#given - waiting
    if (waiting === 0 || left > this.#left) this.#movedAt = now
    this.#left = left
    const wasBehind = this.#behindSince !== undefined
    if (waiting === 0) this.#behindSince = undefined
    else if (waiting > mostBehind) this.#behindSince ??= now
    if (now - this.#movedAt >= patience.still) return 'stalled'
    if (this.#behindSince !== undefined) return now - this.#behindSince >= patience.behind ? 'stalled' : 'behind'
    return wasBehind ? 'caught up' : 'reading'
  }
}
