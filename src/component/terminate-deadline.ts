/** ms after which a worker that was told to end, and is still alive, is a zombie. */
export const terminateDeadline = 2_000
