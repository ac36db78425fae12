import type { ActivityReading } from '../channel/activity.ts'
import { realClock } from '../base/policy-clock.ts'
import type { PolicyClock } from '../base/policy-clock.ts'
import { ServedLog } from './served-log.ts'
import { LeaseCount } from './lease-count.ts'

/** How a copy of a component is and was used: by this thread, and, as its worker tells, by other components. */
export class Usage {
  readonly leases = new LeaseCount()
  /** Who asked what of its generations that are over, as far as they have told. */
  readonly served = new ServedLog()
  readonly #underWay: () => number
  readonly #activity: () => ActivityReading | undefined
  readonly #clock: PolicyClock
  #calls = 0
  #errors = 0
  #lastAccess = 0
  /** What a worker noted last, and what the policy's clock showed then. */
  #translated = { noted: 0, shown: 0 }

  /**
   * @param underWay calls that this thread has sent to it and that are not settled, and open streams.
   * @param activity of the live generation, which has times of the monotonic clock.
   */
  constructor(underWay: () => number, activity: () => ActivityReading | undefined, clock: PolicyClock = realClock) {
    this.#underWay = underWay
    this.#activity = activity
    this.#clock = clock
  }

  /** Calls under way, open streams, live subscriptions and leases. */
  get held(): number {
    const { active, subscriptions } = this.#activity() ?? { active: 0, subscriptions: 0 }
    return this.leases.held + Math.max(this.#underWay(), active) + subscriptions
  }

  /** Leases and live subscriptions, which may last as long as they like. */
  get keeps(): number {
    return this.leases.held + (this.#activity()?.subscriptions ?? 0)
  }

  /** When the last call was, ms of the policy's clock; 0 before the first. */
  get lastAccess(): number {
    return Math.max(this.#lastAccess, this.#noted(this.#activity()?.lastAccess ?? 0))
  }

  get calls(): number {
    return this.#calls + (this.#activity()?.calls ?? 0)
  }

  get errors(): number {
    return this.#errors + (this.#activity()?.errors ?? 0)
  }

  /** @param now ms of the policy's clock. */
  used(now: number): void {
    this.#lastAccess = now
  }

  /** The live generation is no longer asked: its figures are added to those of the ones before it. */
  add({ calls, errors, lastAccess }: ActivityReading): void {
    this.#calls += calls
    this.#errors += errors
    this.#lastAccess = Math.max(this.#lastAccess, this.#noted(lastAccess))
  }

  /** What the policy's clock showed when a worker noted that moment; 0: it noted none. */
  #noted(moment: number): number {
    if (moment === 0 || !this.#clock.given) return moment
    // Asked once: what it showed long ago is not remembered.
    if (this.#translated.noted !== moment) this.#translated = { noted: moment, shown: this.#clock.at(moment) }
    return this.#translated.shown
  }
}
