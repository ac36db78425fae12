/** The leases on one component. */
export class LeaseCount {
  readonly #held = new Set<Disposable>()
  #waiting: (() => void)[] = []

  get held(): number {
    return this.#held.size
  }

  /** @param onRelease is called once, when the lease is given back. */
  take(onRelease: () => void): Disposable {
    const lease = {
      [Symbol.dispose]: (): void => {
        if (!this.#held.delete(lease)) return
        if (this.#held.size === 0) this.giveUpWaiting()
        onRelease()
      },
    }
    this.#held.add(lease)
    return lease
  }

  /** Resolves when none is held, or nobody needs to wait for that any more. */
  async over(): Promise<void> {
    if (this.#held.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** What was held up by leases need not be any longer. */
  giveUpWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** There is nothing to keep loaded any more. */
  giveBackAll(): void {
    for (const lease of this.#held) lease[Symbol.dispose]()
  }
}
