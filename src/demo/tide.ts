import { createRandom } from '../services/historical-data/synthetic-candles.ts'

/** ms from one low to the next. */
const period = 120_000
/** The lowest part of a wave is slack water: nothing at all happens there. */
const slack = 0.12

/** How busy a day of trading is: rises and falls between 0 and 1, each crest as high as the seed has it. */
export class Tide {
  readonly #heights: readonly number[]

  constructor(seed: number) {
    const random = createRandom(seed)
    this.#heights = Array.from({ length: 64 }, () => 0.8 + 0.2 * random())
  }

  /**
   * @param time ms since the beginning, which is a low.
   * @param ahead share of a period by which it is ahead of that.
   */
  level(time: number, ahead = 0): number {
    const turns = time / period + ahead
    const crest = (1 - Math.cos(2 * Math.PI * turns)) / 2
    const height = this.#heights[Math.floor(turns) % this.#heights.length] ?? 1
    return Math.max(0, (height * crest - slack) / (1 - slack))
  }
}
