import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../cluster/index.ts'
import type orderBook from './components/order-book.ts'
import type prices from './components/prices.ts'
import { outcomeOf } from './outcomes.ts'
import type { Outcome } from './outcomes.ts'

/** ms between two calls of one caller. */
const pause = 100

/** Callers at work: one for each book, and one that asks for prices. */
export class Load {
  readonly keys: readonly string[]
  /** Orders of each book, with what became of them. */
  readonly placed = new Map<string, Map<number, Outcome>>()
  /** What was answered, or not, when prices were asked for. */
  readonly prices: Record<Outcome, number> = { answered: 0, unknown: 0, 'not-begun': 0 }
  readonly #cluster: Cluster
  readonly #stop: AbortSignal
  /** Since when answers are looked for, ms; what has been answered since, after how many. */
  #from = Number.POSITIVE_INFINITY
  readonly #first = new Map<string, number>()

  constructor(cluster: Cluster, keys: readonly string[], stop: AbortSignal) {
    this.#cluster = cluster
    this.keys = keys
    this.#stop = stop
  }

  /** From now on it is noted which calls that are begun are answered first. */
  watch(): void {
    this.#from = performance.now()
    this.#first.clear()
  }

  /** ms after `watch` until a call that was begun since was answered; undefined: none was yet. */
  firstAnswer(who: string): number | undefined {
    return this.#first.get(who)
  }

  /** Resolves when it was told to stop, and all calls have come to an end. */
  async run(): Promise<void> {
    await Promise.all([...this.keys.map(async (key) => this.#place(key)), this.#ask()])
  }

  async #place(key: string): Promise<void> {
    const book = this.#cluster.family<typeof orderBook>('books').get(key)
    const orders = new Map<number, Outcome>()
    this.placed.set(key, orders)
    for (let order = 1; !this.#stop.aborted; order++) {
      orders.set(order, await this.#outcome(key, async () => book.place(order)))
      await this.#pause()
    }
  }

  async #ask(): Promise<void> {
    const source = this.#cluster.component<typeof prices>('prices')
    while (!this.#stop.aborted) {
      this.prices[await this.#outcome('prices', async () => source.price(1, Date.now()))]++
      await this.#pause()
    }
  }

  async #outcome(who: string, call: () => Promise<unknown>): Promise<Outcome> {
    const begun = performance.now()
    try {
      await call()
    } catch (error) {
      return outcomeOf(error)
    }
    if (begun >= this.#from && !this.#first.has(who)) this.#first.set(who, performance.now() - this.#from)
    return 'answered'
  }

  async #pause(): Promise<void> {
    await sleep(pause, undefined, { signal: this.#stop }).catch(() => {})
  }
}
