import type { ComponentAccount } from '../account/component-account.ts'
import { addRapidReload, churn, emptyChurn, isRapidReload, isThrashing } from '../decide/residency.ts'

/** Notices when components push each other out. */
export class ThrashWatch {
  readonly #now: () => number
  #churn = emptyChurn

  /** @param now ms of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What was loaded again within 60 s of an automatic unload, in the last minute: loads, bytes, and whose, the most often first. */
  get churn(): { readonly loads: number; readonly bytes: number; readonly names: readonly string[] } {
    return churn(this.#churn, this.#now())
  }

  get thrashing(): boolean {
    return isThrashing(this.#churn, this.#now())
  }

  /** To be called before the account itself hears of the load. */
  loaded(name: string, { residency, learnedPeak = 0 }: ComponentAccount): void {
    const now = this.#now()
    if (isRapidReload(residency, now)) this.#churn = addRapidReload(this.#churn, now, learnedPeak, name)
  }
}
