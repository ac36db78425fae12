/**
 * The promise's value, or undefined when it has not settled after `ms`, or when `hurry` is aborted. Timer and listener go with whichever
 * comes first.
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, hurry?: AbortSignal): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const giveUp = (): void => late.resolve(undefined)
  const timer = setTimeout(giveUp, hurry?.aborted ? 0 : ms)
  hurry?.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
    hurry?.removeEventListener('abort', giveUp)
  }
}
