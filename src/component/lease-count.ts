/** The leases on one component. */
export class LeaseCount {
  #held = 0
  #waiting: (() => void)[] = []

  get held(): number {
    return this.#held
  }

  /** @param onRelease is called once, when the lease is given back. */
  take(onRelease: () => void): Disposable {
    this.#held++
    let release = (): void => {
      release = () => {}
      this.#held--
      if (this.#held === 0) this.giveUpWaiting()
      onRelease()
    }
    return { [Symbol.dispose]: () => release() }
  }

  /** Resolves when none is held, or nobody needs to wait for that any more. */
  async over(): Promise<void> {
    if (this.#held > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** What was held up by leases need not be any longer. */
  giveUpWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
