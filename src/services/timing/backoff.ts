export interface BackoffPolicy {
  /** ms before the second attempt, before jitter. */
  readonly base: number
  /** The longest delay, ms. */
  readonly max: number
}

/**
 * ms to wait after failure number `attempt` (1 = the first): min(max, base * 2^(attempt - 1)), of which half is fixed
 * and half is drawn. This is "equal jitter" of the AWS Architecture Blog, "Exponential Backoff And Jitter" (2015):
 * clients that failed together do not come back together, and none comes back at once.
 *
 * @param random from 0 to 1.
 */
export function backoffDelay(attempt: number, { base, max }: BackoffPolicy, random: number): number {
  // 2^30 ms is 12 days; beyond it the product would only overflow.
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt - 1, 30))
  return ceiling / 2 + (random * ceiling) / 2
}
