import { writeSync } from 'node:fs'
import { monotonicNow } from '../../base/monotonic.ts'

/** ms between two attempts to write to a socket that is full. */
const pause = 1

/** The last so many bytes of what was written. */
export function tailOf(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const tail: Uint8Array[] = []
  let missing = bytes
  for (const piece of pieces.toReversed()) {
    if (missing <= 0) break
    tail.unshift(piece.subarray(Math.max(0, piece.length - missing)))
    missing -= piece.length
  }
  return tail
}

/** Writes to a socket without the event loop, which a process that is about to end has no more. */
export class LastWords {
  readonly #fd: number
  readonly #end: number
  readonly #cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #isHeard = true

  /** @param patience ms to wait, all in all, for the other side to read. */
  constructor(fd: number, patience: number) {
    this.#fd = fd
    this.#end = monotonicNow() + patience
  }

  write(pieces: readonly Uint8Array[]): void {
    // After a record that was cut off nothing can be read.
    for (const piece of pieces) if (this.#isHeard) this.#isHeard = this.#writeWhole(piece)
  }

  #writeWhole(piece: Uint8Array): boolean {
    for (let written = 0; written < piece.length;) {
      try {
        written += writeSync(this.#fd, piece, written)
      } catch (error) {
        const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
        if (!isFull || monotonicNow() > this.#end) return false
        Atomics.wait(this.#cell, 0, 0, pause)
      }
    }
    return true
  }
}
