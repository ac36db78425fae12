import type { ActivityReading } from '../channel/activity.ts'
import type { Caller } from '../channel/caller.ts'
import { LeaseCount } from './lease-count.ts'

/** How a component is and was used: by this thread, and, as its worker tells, by other components. */
export class Usage {
  readonly leases = new LeaseCount()
  readonly #caller: Pick<Caller, 'waiting' | 'underWay'>
  readonly #activity: () => ActivityReading | undefined
  #calls = 0
  #errors = 0
  #lastAccess = 0

  /** @param activity of the live generation. */
  constructor(caller: Pick<Caller, 'waiting' | 'underWay'>, activity: () => ActivityReading | undefined) {
    this.#caller = caller
    this.#activity = activity
  }

  /** Calls under way or waiting, open streams, live subscriptions and leases. */
  get inUse(): number {
    const { active, subscriptions } = this.#activity() ?? { active: 0, subscriptions: 0 }
    return this.leases.held + this.#caller.waiting + Math.max(this.#caller.underWay, active) + subscriptions
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
