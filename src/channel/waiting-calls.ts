import type { PendingCall } from './pending-call.ts'

/** Calls that wait for a connection that takes them, by number, in the order in which they are sent. */
export class WaitingCalls extends Map<number, PendingCall> {
  /** They were made before all that wait. */
  putFirst(calls: readonly [id: number, PendingCall][]): void {
    if (calls.length === 0) return
    const later = [...this]
    this.clear()
    for (const [id, pending] of [...calls, ...later]) this.set(id, pending)
  }

  takeAll(): PendingCall[] {
    const taken = [...this.values()]
    this.clear()
    return taken
  }
}
