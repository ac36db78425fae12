import { Patience } from '../../base/deadline.ts'

/** Judges how long nothing was heard of the other side; time in which this thread was blocked does not count. */
export class Silence implements Disposable {
  readonly #after: number
  readonly #tooLong: () => void
  #isHeard = false
  #patience: Patience | undefined

  /** @param after ms of it, since it was noticed, that are too long. */
  constructor(after: number, tooLong: () => void) {
    this.#after = after
    this.#tooLong = tooLong
  }

  /** Something has come. */
  broken(): void {
    this.#isHeard = true
    this[Symbol.dispose]()
  }

  /** @returns true: nothing has come since it was last asked. */
  notice(): boolean {
    if (this.#isHeard) {
      this.#isHeard = false
      return false
    }
    this.#patience ??= new Patience(this.#after, this.#tooLong)
    return true
  }

  /** Nobody minds it any more. */
  [Symbol.dispose](): void {
    this.#patience?.[Symbol.dispose]()
    this.#patience = undefined
  }
}
