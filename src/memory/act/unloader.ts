import type { AutomaticDecision } from '../../contract/automatic-decision.ts'
import type { UnloadReason } from '../../contract/unload-report.ts'
import type { Supervisor } from '../../component/supervisor.ts'
import type { MemoryBook } from '../account/book.ts'

export interface Unloaded {
  /** What it was measured to hold; 0 when its worker did not die. */
  readonly bytes: number
  /** Its memory has been given back to the operating system, as far as that can be done now. */
  readonly reported: Promise<unknown>
}

/** Unloads idle components for want of memory. */
export class Unloader {
  readonly #book: MemoryBook
  readonly #onGone = new Map<Supervisor, () => void>()

  constructor(book: MemoryBook) {
    this.#book = book
  }

  /**
   * Unloads a component if it is idle, and waits until its worker is gone.
   *
   * @returns undefined when it stays, or was not there.
   */
  async unload(name: string, reason: UnloadReason, decision: AutomaticDecision): Promise<Unloaded | undefined> {
    const supervisor = this.#book.supervisorOf(name)
    const generation = supervisor?.generation
    if (!supervisor || !generation || supervisor.state.status !== 'ready') return undefined
    const held = this.#book.memoryOf(supervisor)?.total ?? 0
    const gone = Promise.withResolvers<'gone'>()
    this.#onGone.set(supervisor, () => gone.resolve('gone'))
    try {
      const report = supervisor.unload(reason, 0, true, decision)
      if ((await Promise.race([gone.promise, report])) === undefined) {
        this.#book.account(supervisor).stayed()
        // What is known of it was wrong: nothing is chosen by that again.
        this.#book.changed()
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
