import { monotonicNow } from '../base/monotonic.ts'
import type { PendingCall } from './pending-call.ts'
import type { LeavingEntry } from './unsent-call.ts'

interface Leaving {
  readonly entry: LeavingEntry
  readonly pending: PendingCall
  /** ms */
  readonly timeout: number
}

/**
 * Calls whose time runs from when they are posted, at the end of the microtask: what else their caller does before that, with the thread all to
 * itself, is not the component's doing.
 */
export class LeavingCalls {
  #calls: Leaving[] = []

  add(call: Leaving): void {
    this.#calls.push(call)
  }

  leave(): void {
    if (this.#calls.length === 0) return
    const now = monotonicNow()
    for (const { entry, pending, timeout } of this.#calls.splice(0)) {
      entry[4] = now + timeout
      pending.startTimeout()
    }
  }
}
