import type { Supervisor } from '../../component/supervisor.ts'
import type { Logger } from '../../contract/logger.ts'
import type { Ledger } from '../../contract/ledger.ts'
import type { MemoryBook } from '../account/book.ts'
import type { PressureGauge } from '../pressure-gauge.ts'
import { SamplingLoop } from './sampling-loop.ts'

/** ms that a sample of one's own accord waits for answers: the next one is never far. */
const patience = 25
/** ms that a sample somebody asked for waits for answers. */
const longPatience = 250
/**
 * ms between two looks: while something is at work, once nothing of that has grown for a while, while everything loaded is idle, and for each worker
 * that is looked at.
 */
const watch = { active: 25, steady: 50, idle: 100, perWorker: 2.5 }
/** Looks in a row without growth after which what is at work is taken not to grow. */
const steadyAfter = 40
/** A change of usage by this share of the limit since the last sample asks for another; what grows by that much in a second is growing. */
const noticeable = 1 / 64
const second = 1_000

export interface SamplingOptions {
  readonly book: MemoryBook
  readonly gauge: PressureGauge
  readonly logger: Logger
  /** Loads that wait for memory: something may change for them at any time. */
  readonly waiting: () => number
  /** ms after which somebody wants to look at pressure again, whatever the growth. */
  readonly retryIn: () => number
  /** A sample was taken. */
  readonly sampled: (ledger: Ledger) => void
}

/** Takes samples: when they are due, when something has changed, and when somebody asks. Never two at a time. */
export class Sampling {
  readonly #options: SamplingOptions
  readonly #loop: SamplingLoop
  #current: { readonly thorough: boolean; readonly ledger: Promise<Ledger> } | undefined
  /** Workers that had run at the last look. */
  #running = 0
  /** Looks in a row at which nothing grew. */
  #steady = 0
  #time = 0

  constructor(options: SamplingOptions) {
    this.#options = options
    this.#loop = new SamplingLoop({
      interval: () => this.#interval,
      look: () => this.#look(),
      watch: () => this.#watch,
      tick: async () => this.#tick(),
    })
  }

  /** ms that the last sample took. */
  get time(): number {
    return this.#time
  }

  /** Asks all workers, and gives them time to answer. */
  async sample(): Promise<Ledger> {
    return this.#sample(true)
  }

  /** Asks those that have run, from now on: a sample under way may have asked before whatever the caller has just done. */
  async anew(): Promise<Ledger> {
    await this.#current?.ledger
    return this.#sample(false)
  }

  /** Something has begun to work: the next look is not far. */
  poke(): void {
    this.#steady = 0
    this.#loop.poke()
  }

  /** Something has changed that wants a sample of its own. */
  request(): void {
    this.#loop.request()
  }

  /** Takes no more samples of its own accord. */
  stop(): void {
    this.#loop.stop()
  }

  #look(): void {
    const { book, gauge } = this.#options
    this.#running = book.measurement.look()
    const grows = this.#running > 0 && book.growth * second > gauge.limit * noticeable
    this.#steady = grows ? 0 : this.#steady + 1
  }

  async #tick(): Promise<void> {
    try {
      await this.#sample(false)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'sampling memory failed')
    }
  }

  async #sample(thorough: boolean): Promise<Ledger> {
    while (this.#current) {
      const { ledger } = this.#current
      if (this.#current.thorough || !thorough) return ledger
      await ledger
    }
    const current = { thorough, ledger: this.#take(thorough) }
    this.#current = current
    try {
      return await current.ledger
    } finally {
      this.#current = undefined
    }
  }

  async #take(thorough: boolean): Promise<Ledger> {
    const { book, gauge, sampled } = this.#options
    const start = performance.now()
    if (thorough) await book.measurement.measureAll(longPatience)
    else await book.measurement.update(patience)
    const ledger = gauge.read()
    this.#time = performance.now() - start
    this.#loop.noteSample()
    sampled(ledger)
    return ledger
  }

  /** ms from one sample to the next, as things stand. */
  get #interval(): number {
    const { book, gauge, retryIn } = this.#options
    if (Math.abs(book.usage - gauge.usage) > gauge.limit * noticeable) return 1
    return Math.min(gauge.interval, retryIn())
  }

  /** ms to the next look. What runs costs something to look at, so with many it is looked at less often. */
  get #watch(): number {
    const { book, waiting } = this.#options
    const { live } = book
    if (live.size === 0 && waiting() === 0) return Number.POSITIVE_INFINITY
    const active = this.#running > 0 || waiting() > 0 || [...live].some((supervisor) => isActive(supervisor))
    if (!active) return Math.max(watch.idle, live.size * watch.perWorker)
    const least = this.#steady < steadyAfter ? watch.active : watch.steady
    return Math.min(watch.idle, Math.max(least, this.#running * watch.perWorker))
  }
}

const isActive = ({ state, inUse }: Supervisor): boolean => state.status !== 'ready' || inUse > 0
