import type { Forecast } from '../decide/forecast.ts'
import { RETRY } from '../tuning.ts'

interface Reservation extends Forecast {
  /** ms of a monotonic clock. */
  until: number
}

/**
 * Bytes promised to loads, by component. What a component has been measured to hold already is no longer reserved; the rest is until the load
 * is over, and a second beyond: first calls fill caches.
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
    return this.#sum(({ expected }, held) => expected - held)
  }

  /** Bytes beyond those that loads of unknown size may grow by as well; what one turned out to need is known when it is over. */
  get possible(): number {
    return this.#sum(({ expected, ceiling, isGuess, until }, held) =>
      isGuess && until === Number.POSITIVE_INFINITY ? ceiling - Math.max(held, expected) : 0,
    )
  }

  /** Bytes that were promised to the component, whether it has filled them or not. */
  promisedTo(name: string): number {
    const reservation = this.#open.get(name)
    return reservation === undefined || this.#now() >= reservation.until ? 0 : reservation.expected
  }

  /** Until it is disposed of, which is when the load is over, and a second beyond. */
  reserve(name: string, forecast: Forecast): Disposable {
    const reservation: Reservation = { ...forecast, until: Number.POSITIVE_INFINITY }
    this.#open.set(name, reservation)
    return {
      [Symbol.dispose]: () => {
        // A load that never came to a worker, or lost it, leaves nothing to settle.
        const left = this.#held(name) === undefined ? 0 : RETRY
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
