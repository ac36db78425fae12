import type { ComponentHost } from './component-host.ts'

/**
 * Workers of one kind that are started but are nobody's yet, so that a load costs its import and not its worker's start. All are alike;
 * a component with options of its own gets a fresh worker.
 */
export class SpareWorkers {
  readonly #wanted: number
  readonly #start: () => ComponentHost
  #spares = new Set<ComponentHost>()
  /** 'waiting': nothing has loaded yet; 'barred': nor may spares be kept then. */
  #state: 'waiting' | 'barred' | 'keeping' | 'given-up' | 'closed' = 'waiting'

  /** @param wanted how many to keep once something has been loaded. */
  constructor(wanted: number, start: () => ComponentHost) {
    this.#wanted = wanted
    this.#start = start
  }

  /** For the ledger: the spares count as what they are. */
  get hosts(): readonly ComponentHost[] {
    return [...this.#spares]
  }

  /** A worker for a component that has no options of its own. */
  take(): ComponentHost {
    for (const spare of this.#spares) {
      this.#spares.delete(spare)
      if (spare.alive && spare.isCurrent()) return spare
      void spare.terminate(0)
    }
    return this.#start()
  }

  /** Something has loaded: from now on spares are kept. */
  keep(): void {
    if (this.#state === 'waiting') this.#state = 'keeping'
    if (this.#state === 'barred') this.#state = 'given-up'
    this.#fill()
  }

  /** Memory is short: lets all spares go, and keeps none until `restore`. Returns how many there were. */
  async giveUp(deadline: number): Promise<number> {
    if (this.#state === 'closed') return 0
    if (this.#state === 'waiting') this.#state = 'barred'
    if (this.#state === 'keeping') this.#state = 'given-up'
    return this.#endAll(deadline)
  }

  restore(): void {
    if (this.#state === 'barred') this.#state = 'waiting'
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
        const spare = this.#start()
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
