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

/**
 * The same for judging another thread: time in which this thread was blocked, and could neither answer nor listen, does not count.
 *
 * @returns what takes it back.
 */
export function afterPatience(ms: number, passed: () => void): () => void {
  let left = ms
  let cancel: () => void
  const wait = (): void => {
    const length = Math.min(left, stretch)
    const due = performance.now() + length
    cancel = afterDeadline(length, () => {
      const late = performance.now() - due
      left -= Math.max(length / leastShare, length - late)
      if (left > 1) wait()
      else passed()
    })
  }
  wait()
  return () => cancel()
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
