/** ms after a load for which what it has not yet filled of its reservation stays reserved: first calls fill caches. */
const settleTime = 1_000
/** Peaks differ from one load to the next: so much beyond what was promised is no surprise, as a share of it, and in bytes at most. */
const tolerance = { share: 0.25, most: 32 * 1024 ** 2 }

interface Reservation {
  readonly bytes: number
  readonly mayNeed: number
  /** ms of a monotonic clock. */
  until: number
}

/**
 * Bytes promised to loads, by component. What a component has been measured to hold already is no longer reserved; the rest is until the load
 * is over, and a second beyond.
 */
export class Reservations {
  readonly #open = new Map<string, Reservation>()
  readonly #now: () => number
  readonly #held: (name: string) => number | undefined

  /**
   * @param now ms of a monotonic clock.
   * @param held bytes that the component was measured to hold; undefined while it has no worker.
   */
  constructor(now: () => number, held: (name: string) => number | undefined) {
    this.#now = now
    this.#held = held
  }

  /** Bytes that loads may still grow by. */
  get outstanding(): number {
    return this.#sum(({ bytes }, held) => bytes - held)
  }

  /** Bytes beyond those that loads of unknown size may grow by as well; what one turned out to need is known when it is over. */
  get possible(): number {
    return this.#sum(({ bytes, mayNeed, until }, held) =>
      until === Number.POSITIVE_INFINITY ? mayNeed - Math.max(held, bytes) : 0,
    )
  }

  /** True while the component is being loaded and holds hardly more than was to be expected: its growth is no surprise. */
  covers(name: string): boolean {
    const reservation = this.#open.get(name)
    if (reservation === undefined || this.#now() >= reservation.until) return false
    const { bytes, mayNeed } = reservation
    return (this.#held(name) ?? 0) < Math.max(mayNeed, bytes + Math.min(bytes * tolerance.share, tolerance.most))
  }

  /**
   * Until it is disposed of, which is when the load is over, and a second beyond.
   *
   * @param mayNeed what it is not a surprise to see it take, beside the `bytes` that are promised.
   */
  reserve(name: string, bytes: number, mayNeed: number): Disposable {
    const reservation: Reservation = { bytes, mayNeed, until: Number.POSITIVE_INFINITY }
    this.#open.set(name, reservation)
    return {
      [Symbol.dispose]: () => {
        // A load that never came to a worker, or lost it, leaves nothing to settle.
        const left = this.#held(name) === undefined ? 0 : settleTime
        reservation.until = Math.min(reservation.until, this.#now() + left)
      },
    }
  }

  #sum(bytesOf: (reservation: Reservation, held: number) => number): number {
    let sum = 0
    for (const [name, reservation] of this.#open) {
      if (this.#now() >= reservation.until) this.#open.delete(name)
      else sum += Math.max(0, bytesOf(reservation, this.#held(name) ?? 0))
    }
    return sum
  }

  /** The component's worker is gone: it will not grow. */
  drop(name: string): void {
    this.#open.delete(name)
  }
}
