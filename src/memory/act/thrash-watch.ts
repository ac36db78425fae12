import type { Logger } from '../../contract/logger.ts'
import type { ComponentAccount } from '../account/component-account.ts'
import { addRapidReload, churn, emptyChurn, isRapidReload, isThrashing } from '../decide/residency.ts'
import { RAPID_RELOAD } from '../tuning.ts'

/** Notices when components push each other out, and says so once a minute at most. */
export class ThrashWatch {
  readonly #logger: Logger
  readonly #now: () => number
  #churn = emptyChurn
  #toldAt = Number.NEGATIVE_INFINITY

  /** @param now ms of a monotonic clock. */
  constructor(logger: Logger, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /** What was loaded again within 60 s of an automatic unload, in the last minute: loads, and bytes. */
  get churn(): { readonly loads: number; readonly bytes: number } {
    return churn(this.#churn, this.#now())
  }

  get thrashing(): boolean {
    return isThrashing(this.#churn, this.#now())
  }

  /** To be called before the account itself hears of the load. */
  loaded({ residency, learnedPeak = 0 }: ComponentAccount): void {
    const now = this.#now()
    if (!isRapidReload(residency, now)) return
    this.#churn = addRapidReload(this.#churn, now, learnedPeak)
    if (!this.thrashing || now - this.#toldAt < RAPID_RELOAD) return
    this.#toldAt = now
    this.#logger.warn(
      { ...this.churn },
      'thrashing: components push each other out; raise totalLimit, or let fewer of them be used at a time',
    )
  }
}
