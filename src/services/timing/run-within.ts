export interface RunLimits {
  /** ms */
  readonly ms: number
  /** What the work is ended with when the time is up. */
  readonly onTimeout: () => Error
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Settles as the work does, unless the time is up or the signal is aborted first; then the signal given to the work
 * is aborted as well and what the work does afterwards is ignored. No timer and no listener is left behind.
 */
export async function runWithin<T>(work: (signal: AbortSignal) => Promise<T>, options: RunLimits): Promise<T> {
  const { ms, onTimeout, signal } = options
  signal?.throwIfAborted()
  const controller = new AbortController()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = (reason: unknown): void => {
    reject(reason)
    controller.abort(reason)
  }
  const onAbort = (): void => end(signal?.reason)
  const timer = setTimeout(() => end(onTimeout()), ms)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(controller.signal), ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
