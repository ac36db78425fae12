import { monotonicNow } from '../../monotonic.ts'

/**
 * Until when an exchange wants no requests, in memory that the coordinator's thread keeps: it outlives the connector that was told, however that
 * ends, and the next one starts with it.
 */
export class BanRecord {
  /** A moment of the monotonic clock, which all threads share; 0: none. Written at a stroke, so that a worker that dies leaves no half of one. */
  readonly #until: BigInt64Array

  /** @param memory of `createBanMemory`. */
  constructor(memory: SharedArrayBuffer = createBanMemory()) {
    this.#until = new BigInt64Array(memory)
  }

  /** ms that are left of it. */
  get left(): number {
    return Math.max(0, Number(Atomics.load(this.#until, 0)) - monotonicNow())
  }

  /** It lasts for so many ms from now, if not longer already. */
  extend(ms: number): void {
    const until = BigInt(Math.ceil(monotonicNow() + ms))
    let known = Atomics.load(this.#until, 0)
    while (known < until) {
      const found = Atomics.compareExchange(this.#until, 0, known, until)
      if (found === known) return
      known = found
    }
  }
}

export const createBanMemory = (): SharedArrayBuffer => new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
