import type { ComponentHost } from '../host/component-host.ts'

/** Workers of one component that were still alive at their deadline. */
export class Zombies {
  readonly #alive = new Set<ComponentHost>()

  get size(): number {
    return this.#alive.size
  }

  has(host: ComponentHost): boolean {
    return this.#alive.has(host)
  }

  [Symbol.iterator](): Iterator<ComponentHost> {
    return this.#alive.values()
  }

  /** @param gone called when its thread has ended after all. */
  add(host: ComponentHost, gone: () => void): void {
    this.#alive.add(host)
    host.onExit(() => {
      this.#alive.delete(host)
      gone()
    })
  }
}
