/** Everything that was promised and is not settled. */
export class Pending {
  readonly #open = new Map<Promise<unknown>, string>()

  get size(): number {
    return this.#open.size
  }

  track<T>(what: string, promise: Promise<T>): Promise<T> {
    this.#open.set(promise, what)
    const settled = (): void => void this.#open.delete(promise)
    promise.then(settled, settled)
    return promise
  }

  list(): string[] {
    return [...this.#open.values()]
  }
}
