/** What the test itself holds of each component: leases, streams it reads, calls it knows to have begun. */
import type { UnloadReport } from '../../src/index.ts'

export interface Hold extends Disposable {
  readonly component: string
  readonly generation: number
}

/** Unloads that nobody asked for by name. */
const automatic: ReadonlySet<string> = new Set(['pressure', 'admission', 'free-memory', 'idle'])

export class UsageModel {
  readonly #holds = new Map<Hold, string>()
  readonly #report: (problem: string) => void

  constructor(report: (problem: string) => void) {
    this.#report = report
  }

  /** Of the generation that is known to serve what is held, until it is given back. */
  hold(component: string, generation: number, what: string): Hold {
    const hold: Hold = { component, generation, [Symbol.dispose]: () => void this.#holds.delete(hold) }
    this.#holds.set(hold, what)
    return hold
  }

  unloaded({ name, generation, reason }: UnloadReport): void {
    if (!automatic.has(reason)) return
    for (const [hold, what] of this.#holds) {
      if (hold.component === name && hold.generation === generation) {
        this.#report(`${name} (generation ${generation}) was unloaded (${reason}) while in use: ${what}`)
      }
    }
  }
}
