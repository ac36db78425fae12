import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '../services/historical-data/synthetic-candles.ts'
import { Tide } from './tide.ts'

/** The clock of the load: how busy it is now, and how long a pause is. At speed 10 everything is done ten times as often. */
export class Pace {
  readonly #tide: Tide
  readonly #speed: number
  readonly #seed: number
  readonly #stop: AbortSignal
  readonly #start = performance.now()

  constructor(seed: number, speed: number, stop: AbortSignal) {
    this.#tide = new Tide(seed)
    this.#speed = speed
    this.#seed = seed
    this.#stop = stop
  }

  get over(): boolean {
    return this.#stop.aborted
  }

  /** @param ahead share of a whole tide by which it is ahead of the others. */
  level(ahead = 0): number {
    return this.#tide.level((performance.now() - this.#start) * this.#speed, ahead)
  }

  /** @param ms at speed 1. Ends early, without an error, when everything is over. */
  async pause(ms: number): Promise<void> {
    await delay(ms / this.#speed, undefined, { signal: this.#stop }).catch(() => {})
  }

  /** Dice of one's own: what others throw does not change them. */
  dice(who: number): () => number {
    return createRandom((this.#seed + 7_919 * who) >>> 0)
  }
}
