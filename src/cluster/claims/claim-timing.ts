/** What a host waits for while it claims and renews. ms. */
export interface ClaimTiming {
  /** For which a claim is believed in, counted from before it was sent. */
  readonly valid: number
  /** Between two renewals of a key. Contract: a third of the claim's time. */
  readonly renewal: number
  /** A request to the bucket: after that it is sent again. */
  readonly answer: number
  /** Between looks at what is to be renewed. */
  readonly tick: number
  /** For a claim, while the bucket does not answer. */
  readonly claim: number
  /** Before a claim that led to nothing is tried again. */
  readonly retry: number
  /** Between attempts to claim what belongs to somebody who is gone. */
  readonly poll: number
  /** For writing over a claim that is handed over. */
  readonly take: number
  /** For giving back everything at the end. */
  readonly leave: number
}

export function claimTiming(claimTtl: number): ClaimTiming {
  return {
    // Clocks that run alike may differ by as much as they are corrected: 1/2,000 each, as the kernel's are at most.
    valid: claimTtl * 0.999,
    renewal: claimTtl / 3,
    // Several renewals can be sent before a claim is over.
    answer: Math.min(claimTtl / 6, 1_000),
    tick: Math.min(claimTtl / 30, 250),
    // Three servers of which the leader was killed choose another one after 4 to 9 s (measured: 6 s): with the default that is survived.
    claim: 2 * claimTtl,
    // Guessed: as long as a server takes to expire what is over (measured: 2 to 7 ms), several times.
    retry: 25,
    // Guessed: far below the second within which a key of a host that died has an owner again.
    poll: 100,
    // It was renewed when it was suspended, so half of its time is left over for the way there.
    take: claimTtl / 2,
    leave: 1_000,
  }
}
