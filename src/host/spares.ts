import type { ComponentHost } from './component-host.ts'
import { SpareWorkers } from './spare-workers.ts'

export type Isolation = ComponentHost['isolation']

/** Spare workers of both kinds; each is kept once a component of its kind has loaded. */
export class Spares {
  readonly #of: Readonly<Record<Isolation, SpareWorkers>>

  /** @param wanted how many to keep of each kind. */
  constructor(wanted: number, start: Readonly<Record<Isolation, () => ComponentHost>>) {
    this.#of = { thread: new SpareWorkers(wanted, start.thread), process: new SpareWorkers(wanted, start.process) }
  }

  /** For the ledger: the spares count as what they are. */
  get hosts(): readonly ComponentHost[] {
    return [...this.#of.thread.hosts, ...this.#of.process.hosts]
  }

  /** A worker for a component that has no options of its own. */
  take(isolation: Isolation): ComponentHost {
    return this.#of[isolation].take()
  }

  /** Something of that kind has loaded: from now on such spares are kept. */
  keep(isolation: Isolation): void {
    this.#of[isolation].keep()
  }

  /** Memory is short: lets all spares go, and keeps none until `restore`. Returns how many there were. */
  async giveUp(deadline: number): Promise<number> {
    const counts = await Promise.all([this.#of.thread.giveUp(deadline), this.#of.process.giveUp(deadline)])
    return counts[0] + counts[1]
  }

  restore(): void {
    this.#of.thread.restore()
    this.#of.process.restore()
  }

  async close(deadline: number): Promise<void> {
    await Promise.all([this.#of.thread.close(deadline), this.#of.process.close(deadline)])
  }
}
