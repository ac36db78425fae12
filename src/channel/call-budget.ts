/** How many more calls one generation may be sent by a caller. */
export interface CallBudget {
  /** None, just now. */
  readonly isSpent: boolean
  /** None, now and later: the caller has to go elsewhere. */
  readonly isOver: boolean
  /** Takes one, if there is one. */
  take(): boolean
  /** The call that one was taken for was not sent. */
  giveBack(): void
}

/** What callers of one generation, in whichever threads, share. */
export interface SharedCalls {
  readonly counter: SharedArrayBuffer
  /** Most calls in all. */
  readonly calls: number
  /** With so many left its successor is wanted. */
  readonly few: number
}

/** What a caller in another process is given at a time: some, so that others have theirs too. */
const sharesOf = 8

/**
 * Counted when a call is assigned, in shared memory: whoever calls the generation from whichever thread of this process, it is never sent one more than it
 * may get.
 */
export class SharedCallBudget implements CallBudget {
  readonly shared: SharedCalls
  readonly #taken: Int32Array
  readonly #onFew: () => void

  /** @param onFew told when few are left, and when none is, by whoever took the one before. */
  constructor(shared: SharedCalls, onFew: () => void) {
    this.shared = shared
    this.#taken = new Int32Array(shared.counter)
    this.#onFew = onFew
  }

  static of(calls: number, few: number, onFew: () => void): SharedCallBudget {
    return new SharedCallBudget({ counter: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT), calls, few }, onFew)
  }

  get left(): number {
    return Math.max(0, this.shared.calls - Atomics.load(this.#taken, 0))
  }

  get isSpent(): boolean {
    return this.left === 0
  }

  get isOver(): boolean {
    return this.isSpent
  }

  take(): boolean {
    return this.#take(() => 1) > 0
  }

  /** Takes a share for a caller that cannot see what is left; 0 when none is. */
  allot(): number {
    return this.#take((left) => Math.ceil(left / sharesOf))
  }

  giveBack(): void {
    Atomics.sub(this.#taken, 0, 1)
  }

  #take(count: (left: number) => number): number {
    const { calls, few } = this.shared
    for (;;) {
      const taken = Atomics.load(this.#taken, 0)
      const wanted = count(calls - taken)
      if (taken >= calls) return 0
      if (Atomics.compareExchange(this.#taken, 0, taken, taken + wanted) !== taken) continue
      const left = calls - taken - wanted
      if (left === 0 || (left <= few && left + wanted > few)) this.#onFew()
      return wanted
    }
  }
}

/** A share of them that was allotted to a caller in another process, which shares no memory. */
export class AllottedCalls implements CallBudget {
  #left: number
  #isOver = false
  readonly #onSpent: () => void

  /** @param onSpent the last one was taken: there may be more, for who asks. */
  constructor(calls: number, onSpent: () => void) {
    this.#left = calls
    this.#isOver = calls === 0
    this.#onSpent = onSpent
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isSpent(): boolean {
    return this.#left === 0
  }

  /** @param calls 0: that was all. */
  add(calls: number): void {
    this.#left += calls
    this.#isOver = calls === 0
  }

  take(): boolean {
    if (this.#left === 0) return false
    this.#left--
    if (this.#left === 0) this.#onSpent()
    return true
  }

  giveBack(): void {
    this.#left++
  }
}
