import type { Logger } from '../../contract/logger.ts'
import { ANSWER_TIME, SHORTEST_LOOK } from '../tuning.ts'
import type { Measurement } from './measurement.ts'
import { SamplingLoop } from './sampling-loop.ts'
import { nextTurn } from '../../base/timers.ts'

export interface SamplingOptions {
  readonly measurement: Measurement
  readonly logger: Logger
  /** ms of the monotonic clock. */
  readonly now: () => number
  /** ms from one sample to the next, as things stand. */
  readonly interval: () => number
  /** ms to the next look, as things stand. */
  readonly watch: () => number
  /** Figures are about to be asked for. */
  readonly begins: () => void
  /** A sample is in. @param askedAt when (ms) its figures were asked for. */
  readonly sampled: (askedAt: number) => void
}

/** Takes samples: when they are due, when something has changed, and when somebody asks. Never two at a time. */
export class Sampling {
  readonly #options: SamplingOptions
  readonly #loop: SamplingLoop
  #current: { readonly thorough: boolean; readonly over: Promise<void> } | undefined
  #time = 0

  constructor(options: SamplingOptions) {
    const { measurement, logger, interval, watch } = options
    this.#options = options
    this.#loop = new SamplingLoop({
      interval,
      watch,
      look: () => measurement.look() !== undefined,
      tick: async () => {
        try {
          await this.#sample(false)
        } catch (error) {
          logger.error({ err: error }, 'sampling memory failed')
        }
      },
    })
  }

  /** ms that the last sample took. */
  get time(): number {
    return this.#time
  }

  /** Asks all workers, and gives them time to answer. */
  async sample(): Promise<void> {
    return this.#sample(true)
  }

  /** Asks those that have run, from now on: a sample under way may have asked before whatever the caller has just done. */
  async anew(): Promise<void> {
    await this.#current?.over
    return this.#sample(false)
  }

  /** Something has begun to work: the next look is at most so many ms away. */
  poke(within: number): void {
    this.#loop.poke(within)
  }

  /** Something has changed that wants a sample of its own. */
  request(): void {
    this.#loop.request()
  }

  /** Takes no more samples of its own accord. */
  stop(): void {
    this.#loop.stop()
  }

  async #sample(thorough: boolean): Promise<void> {
    while (this.#current) {
      const { over } = this.#current
      if (this.#current.thorough || !thorough) return over
      await over
    }
    const current = { thorough, over: this.#take(thorough) }
    this.#current = current
    try {
      await current.over
    } finally {
      this.#current = undefined
    }
  }

  async #take(thorough: boolean): Promise<void> {
    const { measurement, begins, sampled, now } = this.#options
    const start = now()
    begins()
    // The next one of its own accord is never far, so it waits for nobody for long.
    if (thorough) await measurement.measureAll(ANSWER_TIME)
    else await measurement.update(SHORTEST_LOOK)
    this.#time = now() - start
    this.#loop.noteSample()
    // Whoever is told of a sample may ask for the next: everything else has its turn in between.
    await nextTurn()
    sampled(start)
  }
}
