/** One of several connections to a component, as far as it matters which of them a call is sent on. */
export interface Lane {
  /** New calls may be sent on it. */
  readonly isOpen: boolean
  /** Calls at its other end that are not settled, and open streams: those that were sent on it, and what is known of others'. */
  readonly load: number
}

/**
 * The first of those with the lowest load. So a few calls stay with the same few copies, and the others become idle.
 *
 * @param concurrency calls that one takes at most.
 * @returns undefined when none takes another one.
 */
export function leastBusy<L extends Lane>(lanes: readonly L[], concurrency: number): L | undefined {
  let chosen: L | undefined
  for (const lane of lanes) {
    if (lane.isOpen && lane.load < (chosen?.load ?? concurrency)) chosen = lane
  }
  return chosen
}
