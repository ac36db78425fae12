import type { WorkerHost } from '../host/worker-host.ts'

/** Workers of one component that were still alive at their deadline. */
export class Zombies {
  readonly #alive = new Set<WorkerHost>()

  get size(): number {
    return this.#alive.size
  }

  has(host: WorkerHost): boolean {
    return this.#alive.has(host)
  }

  [Symbol.iterator](): Iterator<WorkerHost> {
    return this.#alive.values()
  }

  /** @param gone called when its thread has ended after all. */
  add(host: WorkerHost, gone: () => void): void {
    this.#alive.add(host)
    host.onExit(() => {
      this.#alive.delete(host)
      gone()
    })
  }
}
