/**
 * Writes in a ms, on average over a store's life, that tokens have room for. Guessed: far more than servers take. With it a token stays a safe integer until
 * the year 2039 (2^53 / 4,096 ms).
 */
const revisionsInMs = 4_096

/**
 * Fencing tokens of a store of claims. A store that was lost and is made again begins with revision 1, so a token is a revision counted from the time at which the store was
 * made: those of a later store are larger, as long as the servers' clocks are not set back.
 */
export class StoreAge {
  readonly #read: () => Promise<number>
  #created: number
  /** Those that are sent after the one under way. */
  #next: Promise<number> | undefined
  #underWay: Promise<unknown> = Promise.resolve()

  /**
   * @param created ms since the epoch: when the store was made.
   * @param read asks for that again.
   */
  constructor(created: number, read: () => Promise<number>) {
    this.#created = created
    this.#read = read
  }

  /** As it was known last. To be kept from before a request, for `token`. */
  get created(): number {
    return this.#created
  }

  /**
   * Of a revision that the answer to a request told. Which store that was of is certain where it is the same before and after: it is asked for after each, by
   * those that wait together once.
   *
   * @param before what `created` was before the request was sent.
   * @returns undefined where the store is another one by now: the request has to be sent again.
   */
  async token(revision: number, before: number): Promise<number | undefined> {
    const created = await this.#createdFromNow()
    return created === before ? created * revisionsInMs + revision : undefined
  }

  async #createdFromNow(): Promise<number> {
    this.#next ??= this.#after(this.#underWay)
    return this.#next
  }

  async #after(former: Promise<unknown>): Promise<number> {
    await former.catch(() => {})
    const asked = this.#next
    this.#next = undefined
    this.#underWay = asked ?? former
    this.#created = await this.#read()
    return this.#created
  }
}
