import type { UnloadReason } from '../../contract/unload-report.ts'
import type { Registry } from '../../component/registry.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { MemoryBook } from '../account/book.ts'
import { Serial } from './serial.ts'

export interface Unloaded {
  /** What it was measured to hold; 0 when its worker did not die. */
  readonly bytes: number
  /** Its memory has been given back to the operating system, as far as that can be done now. */
  readonly reported: Promise<unknown>
}

export interface UnloaderOptions {
  readonly registry: Registry
  readonly book: MemoryBook
}

/** Unloads idle components for want of memory: never two rounds, or a round and room for a load, at a time. */
export class Unloader {
  readonly #options: UnloaderOptions
  readonly #turns = new Serial()
  readonly #onGone = new Map<Supervisor, () => void>()

  constructor(options: UnloaderOptions) {
    this.#options = options
  }

  /** Nobody else unloads for want of memory while `work` is under way. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work)
  }

  /**
   * Unloads a component if it is idle, and waits until its worker is gone.
   *
   * @returns undefined when it stays, or was not there.
   */
  async unload(name: string, reason: UnloadReason): Promise<Unloaded | undefined> {
    const { registry, book } = this.#options
    if (!registry.has(name)) return undefined
    const supervisor = registry.get(name)
    const { generation } = supervisor
    const held = book.memoryOf(supervisor)?.total ?? 0
    if (supervisor.state.status !== 'ready' || !generation) return undefined
    const gone = Promise.withResolvers<'gone'>()
    this.#onGone.set(supervisor, () => gone.resolve('gone'))
    try {
      const report = supervisor.unload(reason, 0, true)
      if ((await Promise.race([gone.promise, report])) === undefined) {
        book.account(supervisor).stayed()
        return undefined
      }
      return { bytes: generation.host.alive ? 0 : held, reported: report.catch(() => undefined) }
    } finally {
      this.#onGone.delete(supervisor)
    }
  }

  workerEnded(supervisor: Supervisor): void {
    this.#onGone.get(supervisor)?.()
  }
}
