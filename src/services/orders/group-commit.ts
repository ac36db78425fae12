/** What an operation found out in the transaction: its result, and how to write it down. */
export interface Step<Result> {
  readonly result: Result
  readonly write?: (() => void) | undefined
}

interface Entry {
  /** Decides and writes; returns how to settle its promise once that is durable. */
  readonly run: () => () => void
  readonly reject: (reason: unknown) => void
}

/** Operations in one transaction: bounds how long the thread is busy with it. */
const MOST_IN_ONE = 1_000

/**
 * Puts the operations that arrive in one turn of the event loop into one transaction, so that they share one sync of the
 * disk; none is answered before that sync is done. (Group commit: DeWitt and others, "Implementation Techniques for Main
 * Memory Database Systems", 1984.)
 *
 * While one group is being written the next operations arrive, so the more is asked for, the more share a sync.
 */
export class GroupCommit {
  readonly #transaction: (work: () => void) => void
  #waiting: Entry[] = []
  #scheduled: NodeJS.Immediate | undefined

  /** @param transaction runs its argument in a transaction, returns when that is durable, and undoes it if it throws. */
  constructor(transaction: (work: () => void) => void) {
    this.#transaction = transaction
  }

  /**
   * Queues an operation. `decide` runs inside the transaction, after all operations queued before it: it reads, and what it
   * throws rejects this operation alone, which is why it must leave the writing to the step it returns. What a `write` throws
   * fails the whole group.
   */
  submit<Result>(decide: () => Step<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const run = (): (() => void) => {
      let step: Step<Result>
      try {
        step = decide()
      } catch (error) {
        return () => reject(error)
      }
      step.write?.()
      return () => resolve(step.result)
    }
    this.#waiting.push({ run, reject })
    this.#scheduled ??= setImmediate(() => this.#turn())
    return promise
  }

  /** Commits all that waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commitOne()
    clearImmediate(this.#scheduled)
    this.#scheduled = undefined
  }

  #turn(): void {
    this.#commitOne()
    this.#scheduled = this.#waiting.length > 0 ? setImmediate(() => this.#turn()) : undefined
  }

  #commitOne(): void {
    const group = this.#waiting.splice(0, MOST_IN_ONE)
    const outcomes: (() => void)[] = []
    try {
      this.#transaction(() => {
        for (const entry of group) outcomes.push(entry.run())
      })
    } catch (error) {
      // Also for those that were refused: what they were refused for may have been undone.
      for (const entry of group) entry.reject(error)
      return
    }
    for (const settle of outcomes) settle()
  }
}
