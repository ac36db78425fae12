const cell = new Int32Array(new SharedArrayBuffer(4))

/** Keeps its thread from doing anything else for so many ms, and leaves the processor to others meanwhile. A terminate ends it, as it does a loop. */
export function standStill(ms: number): void {
  Atomics.wait(cell, 0, 0, ms)
}
