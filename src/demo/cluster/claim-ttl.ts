/** ms that a key is claimed for; the same at all hosts. Shorter than usual, so that little time is spent watching a clock. */
export const claimTtl = 3_000
