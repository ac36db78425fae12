/** Random numbers from a seed alone: the same seed gives the same sequence in every process. */
export class Random {
  #state: number

  /** @param seed 32 bits of it count. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** mulberry32: from 0 up to but not including 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('There is nothing to pick from')
    return items[this.int(0, items.length - 1)] as T
  }

  /** One of the items, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(items: readonly T[]): T {
    let point = this.next() * items.reduce((sum, { weight }) => sum + weight, 0)
    for (const item of items) {
      point -= item.weight
      if (point < 0) return item
    }
    return items.at(-1) as T
  }
}

/** A seed that nobody chose. */
export const freshSeed = (): number => Math.floor(Math.random() * 2 ** 31)
