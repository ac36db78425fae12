import type { ActivityReading } from '../channel/activity.ts'

/**
 * Asks a worker whether its event loop turns. The answer is written into shared memory, so it counts from when it was given, whatever the thread that
 * asked does meanwhile.
 */
export class LoopProbe {
  readonly #activity: () => ActivityReading
  readonly #post: (question: number) => void
  #question = 0
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param post sends the question to the worker. */
  constructor(activity: () => ActivityReading, post: (question: number) => void) {
    this.#activity = activity
    this.#post = post
  }

  /** When it was asked last, ms of `now`'s clock. */
  get askedAt(): number {
    return this.#askedAt
  }

  /** ms for which a question has been unanswered; 0: there is none. */
  silence(now: number): number {
    return this.#activity().heard >= this.#question ? 0 : now - this.#askedAt
  }

  /** That it has not turned up to now was asked for: a question that is unanswered counts as asked now. @param now ms of a monotonic clock. */
  excuse(now: number): void {
    if (this.silence(now) > 0) this.#askedAt = now
  }

  /** Asks, unless a question is unanswered: the next one would only come behind it. @param now ms of a monotonic clock. */
  ask(now: number): void {
    if (this.silence(now) > 0) return
    this.#askedAt = now
    this.#post(++this.#question)
  }
}
