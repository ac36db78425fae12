/** ms on the system's clock that nobody sets: the same in every thread. */
const monotonicNow = (): number => Number(process.hrtime.bigint()) / 1e6

/**
 * Until when an exchange wants no requests, in memory that the coordinator's thread keeps: it outlives the connector that was told, however that
 * ends, and the next one starts with it.
 */
export class BanRecord {
  /** A moment of that clock; 0: none. Written at a stroke, so that a worker that dies leaves no half of one. */
  readonly #until: BigInt64Array
  readonly #now: () => number

  /**
   * @param memory of `createBanMemory`.
   * @param now ms, by a clock that all who share the memory have.
   */
  constructor(memory: SharedArrayBuffer = createBanMemory(), now: () => number = monotonicNow) {
    this.#until = new BigInt64Array(memory)
    this.#now = now
  }

  /** ms that are left of it. */
  get left(): number {
    return Math.max(0, Number(Atomics.load(this.#until, 0)) - this.#now())
  }

  /** It lasts for so many ms from now, if not longer already. */
  extend(ms: number): void {
    const until = BigInt(Math.ceil(this.#now() + ms))
    let known = Atomics.load(this.#until, 0)
    while (known < until) {
      const found = Atomics.compareExchange(this.#until, 0, known, until)
      if (found === known) return
      known = found
    }
  }
}

export const createBanMemory = (): SharedArrayBuffer => new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
