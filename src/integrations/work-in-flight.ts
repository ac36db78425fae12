import { withDeadline } from '../base/deadline.ts'

/** Counts work under way, and says when there is none. */
export class WorkInFlight<Key extends object> {
  readonly #keys = new Set<Key>()
  #onOver: (() => void)[] = []

  get size(): number {
    return this.#keys.size
  }

  begin(key: Key): void {
    this.#keys.add(key)
  }

  end(key: Key): void {
    if (!this.#keys.delete(key) || this.#keys.size > 0) return
    for (const over of this.#onOver.splice(0)) over()
  }

  /** True once nothing is under way; false when something still is after `deadline` ms. */
  async over(deadline: number): Promise<boolean> {
    if (this.#keys.size === 0) return true
    const over = new Promise<true>((resolve) => this.#onOver.push(() => resolve(true)))
    return (await withDeadline(over, deadline)) ?? false
  }
}
