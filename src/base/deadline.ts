import { monotonicNow } from './monotonic.ts'
import { setTimeout, clearTimeout, setImmediate, clearImmediate } from './timers.ts'

/**
 * ms between two looks at whether this thread was blocked. Guessed: short enough that a deadline is hardly late for it, long enough to cost
 * nothing.
 */
const stretch = 250

/** Of a stretch in which this thread was blocked, 1/4 counts in any case: also one that is always late comes to an end. */
const leastShare = 4

/**
 * Calls back once `ms` have passed, but not before what had arrived by then was taken in: timers of a thread that was blocked fire before
 * the messages that came meanwhile are read.
 *
 * @returns what takes it back.
 */
export function afterDeadline(ms: number, passed: () => void): () => void {
  let turn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    // All messages that wait are read between the timers and the immediates of one turn of the event loop.
    turn = setImmediate(passed)
  }, ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}

/** Resolves once all that had arrived in this thread when it was called has been taken in, whatever phase of the event loop that was in. */
export async function arrivalsTakenIn(): Promise<void> {
  // Called while messages are being read, the first immediate comes before those of the other ports.
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}

/** `afterDeadline` for judging another thread: time in which this thread was blocked, and could neither answer nor listen, does not count. */
export class Patience implements Disposable {
  readonly #passed: () => void
  /** ms at the beginning of the stretch under way. */
  #left: number
  #since = 0
  #length = 0
  #cancel: () => void = () => {}

  /** @param passed called once the `ms` have passed. */
  constructor(ms: number, passed: () => void = () => {}) {
    this.#passed = passed
    this.#left = ms
    this.#wait()
  }

  /** ms, 0 or more. */
  get left(): number {
    return Math.max(0, this.#left - this.#counted)
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #wait(): void {
    this.#length = Math.min(this.#left, stretch)
    this.#since = monotonicNow()
    this.#cancel = afterDeadline(this.#length, () => {
      this.#left -= this.#counted
      if (this.#left > 1) this.#wait()
      else this.#passed()
    })
  }

  /** ms of the stretch under way. */
  get #counted(): number {
    const late = Math.max(0, monotonicNow() - this.#since - this.#length)
    return late > 0 ? Math.max(this.#length / leastShare, this.#length - late) : monotonicNow() - this.#since
  }
}

/** @returns what takes it back. */
export function afterPatience(ms: number, passed: () => void): () => void {
  const patience = new Patience(ms, passed)
  return () => patience[Symbol.dispose]()
}

/**
 * The promise's value, or undefined when it has not settled after `ms` of this thread not being blocked, or when `hurry` is aborted. Timer
 * and listener go with whichever comes first.
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, hurry?: AbortSignal): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const giveUp = (): void => late.resolve(undefined)
  const cancel = afterPatience(hurry?.aborted ? 0 : ms, giveUp)
  hurry?.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    cancel()
    hurry?.removeEventListener('abort', giveUp)
  }
}
