/** Whom the faults were aimed at: whoever else dies is an innocent. */
import type { CrashEvent, CrashReason } from '../../src/index.ts'

export class Culprits {
  readonly #reasons = new Map<string, Set<string>>()
  readonly #report: (problem: string) => void

  constructor(report: (problem: string) => void) {
    this.#report = report
  }

  /** From now on the component may die of these, in this round. */
  mayDie(component: string, ...reasons: readonly CrashReason[]): void {
    const known = this.#reasons.get(component) ?? new Set()
    for (const reason of reasons) known.add(reason)
    this.#reasons.set(component, known)
  }

  crashed({ name, generation, reason, error }: CrashEvent): void {
    if (this.#reasons.get(name)?.has(reason)) return
    this.#report(
      `${name} (generation ${generation}) died of '${reason}', for which nothing was done to it: ${String(error)}`,
    )
  }
}
