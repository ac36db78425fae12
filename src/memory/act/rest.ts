import type { AccountSnapshot } from '../decide/snapshot.ts'
import type { Decision } from '../decide/turn.ts'
import { SHORTEST_LOOK } from '../tuning.ts'

/** Those who wait until nothing is left to be done about memory. */
export class Rest {
  readonly #waiting = new Map<() => void, number>()

  /** Resolves once nothing is left, by figures that were asked for at that time (ms) or later. */
  async from(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(resolve, time)
    await promise
  }

  /** @param isAtWork what was begun before is not over. */
  decided({ actions, measure, lookIn }: Decision, account: AccountSnapshot, isAtWork: boolean): void {
    if (this.#waiting.size === 0 || isAtWork || account.trimming > 0 || measure || lookIn <= SHORTEST_LOOK) return
    // These are done once they are begun.
    if (actions.every(({ kind }) => kind === 'exhausted' || kind === 'held-up' || kind === 'restore-spares'))
      this.#over(account.sampledAt)
  }

  /** Nothing is decided any more. */
  end(): void {
    this.#over(Number.POSITIVE_INFINITY)
  }

  #over(by: number): void {
    for (const [resolve, time] of this.#waiting) {
      if (by < time) continue
      this.#waiting.delete(resolve)
      resolve()
    }
  }
}
