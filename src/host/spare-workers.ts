import { needsNewThread } from './worker-environment.ts'
import { WorkerHost } from './worker-host.ts'
import type { WorkerOptions } from './worker-host.ts'

/**
 * Workers that are started but are nobody's yet, so that a load costs its import and not its thread start. All are alike;
 * a component with options of its own gets a fresh worker.
 */
export class SpareWorkers {
  readonly #wanted: number
  readonly #options: WorkerOptions
  #spares = new Set<WorkerHost>()
  #state: 'waiting' | 'keeping' | 'given-up' | 'closed' = 'waiting'

  /** @param wanted how many to keep once something has been loaded. */
  constructor(wanted: number, options: WorkerOptions) {
    this.#wanted = wanted
    this.#options = options
  }

  /** For the ledger: the spares count as what they are. */
  get hosts(): readonly WorkerHost[] {
    return [...this.#spares]
  }

  /** A worker for a component that has no options of its own. */
  take(): WorkerHost {
    for (const spare of this.#spares) {
      this.#spares.delete(spare)
      if (spare.alive && !needsNewThread(spare.environmentChange())) return spare
      void spare.terminate(0)
    }
    return new WorkerHost(this.#options)
  }

  /** Something has loaded: from now on spares are kept. */
  keep(): void {
    if (this.#state === 'waiting') this.#state = 'keeping'
    this.#fill()
  }

  /** Memory is short: lets all spares go, and keeps none until `restore`. Returns how many there were. */
  async giveUp(deadline: number): Promise<number> {
    if (this.#state === 'closed') return 0
    this.#state = 'given-up'
    return this.#endAll(deadline)
  }

  restore(): void {
    if (this.#state !== 'given-up') return
    this.#state = 'keeping'
    this.#fill()
  }

  async close(deadline: number): Promise<void> {
    this.#state = 'closed'
    await this.#endAll(deadline)
  }

  #fill(): void {
    if (this.#state !== 'keeping') return
    try {
      while (this.#spares.size < this.#wanted) {
        const spare = new WorkerHost(this.#options)
        this.#spares.add(spare)
        void spare.ended.then(() => this.#spares.delete(spare))
      }
    } catch {
      // One that cannot start (no more threads, no more descriptors) is not tried again before the next load.
    }
  }

  async #endAll(deadline: number): Promise<number> {
    const spares = [...this.#spares]
    this.#spares.clear()
    await Promise.all(spares.map(async (spare) => spare.terminate(deadline)))
    return spares.length
  }
}
