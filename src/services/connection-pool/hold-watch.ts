import { longestTimer } from '../option-checks.ts'

/** Finds what is held and not used, so that it can be taken back from a holder who forgot it. Times are ms since the epoch. */
export class HoldWatch {
  readonly #limit: number
  readonly #unusedSince = new Map<string, number>()

  /** @param limit ms without use; Infinity: nothing is ever overdue. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** It is held from now on, or was used just now. */
  touch(id: string, now: number): void {
    this.#unusedSince.set(id, now)
  }

  forget(id: string): void {
    this.#unusedSince.delete(id)
  }

  /** Ids that were not used for longer than the limit. What is in use at this moment counts as used now. */
  overdue(now: number, inUse: (id: string) => boolean): string[] {
    const overdue: string[] = []
    for (const [id, since] of this.#unusedSince) {
      if (inUse(id)) this.touch(id, now)
      else if (now - since >= this.#limit) overdue.push(id)
    }
    return overdue
  }
}

/** How often to look, ms: a use that ends between two looks is dated back by less than a tenth of the limit. */
export const holdWatchInterval = (limit: number): number => Math.min(Math.max(10, limit / 10), longestTimer)
