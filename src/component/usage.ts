import type { ActivityReading } from '../channel/activity.ts'
import { LeaseCount } from './lease-count.ts'

/** What this thread has under way. */
export interface CallCounts {
  /** Calls that wait to be sent, to whichever copy. */
  readonly waiting: number
  /** Calls that were sent to this copy and are not settled, and open streams. */
  readonly underWay: number
}

/** How a copy of a component is and was used: by this thread, and, as its worker tells, by other components. */
export class Usage {
  readonly leases = new LeaseCount()
  readonly #counts: CallCounts
  readonly #activity: () => ActivityReading | undefined
  #calls = 0
  #errors = 0
  #lastAccess = 0

  /** @param activity of the live generation. */
  constructor(counts: CallCounts, activity: () => ActivityReading | undefined) {
    this.#counts = counts
    this.#activity = activity
  }

  /** Calls under way, open streams, live subscriptions and leases. */
  get held(): number {
    const { active, subscriptions } = this.#activity() ?? { active: 0, subscriptions: 0 }
    return this.leases.held + Math.max(this.#counts.underWay, active) + subscriptions
  }

  /** The same, and calls that wait, which it may be sent in a moment. */
  get inUse(): number {
    return this.held + this.#counts.waiting
  }

  /** When the last call was, ms of the monotonic clock; 0 before the first. */
  get lastAccess(): number {
    return Math.max(this.#lastAccess, this.#activity()?.lastAccess ?? 0)
  }

  get calls(): number {
    return this.#calls + (this.#activity()?.calls ?? 0)
  }

  get errors(): number {
    return this.#errors + (this.#activity()?.errors ?? 0)
  }

  /** @param now ms of the monotonic clock. */
  used(now: number): void {
    this.#lastAccess = now
  }

  /** The live generation is no longer asked: its figures are added to those of the ones before it. */
  add({ calls, errors, lastAccess }: ActivityReading): void {
    this.#calls += calls
    this.#errors += errors
    this.#lastAccess = Math.max(this.#lastAccess, lastAccess)
  }
}
