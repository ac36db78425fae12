import type { Forecast } from '../decide/forecast.ts'
import { RETRY } from '../tuning.ts'

interface Reservation extends Forecast {
  /** When it was let in, ms of a monotonic clock. */
  readonly since: number
  /** When its load was over, ms of a monotonic clock. */
  loadedAt: number | undefined
}

/** What a component was last measured to hold, and when. */
export interface Held {
  readonly bytes: number
  /** ms of a monotonic clock. */
  readonly at: number
}

/**
 * Bytes promised to loads, by whoever loads. What a component has been measured to hold already is no longer reserved; the rest is until the load
 * is over and it has been measured since, and a second beyond: first calls fill caches.
 */
export class Reservations<Loader> {
  readonly #open = new Map<Loader, Reservation>()
  readonly #now: () => number
  readonly #held: (loader: Loader) => Held | undefined

  /**
   * @param now ms of a monotonic clock.
   * @param held undefined while the component has no worker.
   */
  constructor(now: () => number, held: (loader: Loader) => Held | undefined) {
    this.#now = now
    this.#held = held
  }

  /** Bytes that loads may still grow by. */
  get outstanding(): number {
    return this.#sum(({ expected }, held) => expected - held)
  }

  /** Bytes beyond those that loads of unknown size may grow by as well; what one turned out to need is known when it is over, and one that takes
   * longer holds up nobody for more than a second. */
  get possible(): number {
    return this.#sum(({ expected, ceiling, isGuess, since, loadedAt }, held) =>
      isGuess && loadedAt === undefined && this.#now() < since + RETRY ? ceiling - Math.max(held, expected) : 0,
    )
  }

  /** Bytes that were promised to the component, whether it has filled them or not. */
  promisedTo(loader: Loader): number {
    const reservation = this.#open.get(loader)
    return reservation === undefined || this.#isSettled(reservation, this.#held(loader)) ? 0 : reservation.expected
  }

  /** Those that were let in and have no worker yet. Bytes. */
  *arriving(): Iterable<{ readonly loader: Loader; readonly bytes: number }> {
    for (const [loader, { expected: bytes, loadedAt }] of this.#open) {
      if (loadedAt === undefined && this.#held(loader) === undefined) yield { loader, bytes }
    }
  }

  /** Until it is disposed of, which is when the load is over, and has settled. */
  reserve(loader: Loader, forecast: Forecast): Disposable {
    const reservation: Reservation = { ...forecast, since: this.#now(), loadedAt: undefined }
    this.#open.set(loader, reservation)
    return {
      [Symbol.dispose]: () => {
        reservation.loadedAt ??= this.#now()
        // A load that never came to a worker, or lost it, leaves nothing to settle.
        if (this.#held(loader) === undefined && this.#open.get(loader) === reservation) this.#open.delete(loader)
      },
    }
  }

  #sum(bytesOf: (reservation: Reservation, held: number) => number): number {
    let sum = 0
    for (const [loader, reservation] of this.#open) {
      const held = this.#held(loader)
      if (this.#isSettled(reservation, held)) this.#open.delete(loader)
      else sum += Math.max(0, bytesOf(reservation, held?.bytes ?? 0))
    }
    return sum
  }

  /** One whose worker has not answered since its load may hold anything up to what was promised. */
  #isSettled({ loadedAt }: Reservation, held: Held | undefined): boolean {
    return (
      loadedAt !== undefined && this.#now() >= loadedAt + RETRY && (held?.at ?? Number.POSITIVE_INFINITY) >= loadedAt
    )
  }

  /** The component's worker is gone: it will not grow. */
  drop(loader: Loader): void {
    this.#open.delete(loader)
  }
}
