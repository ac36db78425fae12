/** Keeps the event loop alive while something is under way; all ports and workers themselves are unref'ed. */
export class KeepAlive {
  readonly #timer = setInterval(() => {}, 2 ** 31 - 1).unref()
  #holds = 0

  /** One more reason to stay alive. */
  hold(): void {
    if (this.#holds++ === 0) this.#timer.ref()
  }

  release(): void {
    if (--this.#holds === 0) this.#timer.unref()
  }

  /** Holds until `work` is settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work
    } finally {
      this.release()
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
