/** One of several connections to a component, as far as it matters which of them a call is sent on. */
export interface Lane {
  /** New calls may be sent on it. */
  readonly isOpen: boolean
  /** Calls that were sent on it and are not settled, and open streams. */
  readonly underWay: number
}

/**
 * The first of those with the fewest calls under way. So a few calls stay with the same few copies, and the others become idle.
 *
 * @param concurrency calls that one takes at most.
 * @returns undefined when none takes another one.
 */
export function leastBusy<L extends Lane>(lanes: readonly L[], concurrency: number): L | undefined {
  let chosen: L | undefined
  for (const lane of lanes) {
    if (lane.isOpen && lane.underWay < (chosen?.underWay ?? concurrency)) chosen = lane
  }
  return chosen
}
