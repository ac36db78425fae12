import { keepContext } from '../base/context.ts'
import type { LockMode } from '../contract/locks.ts'
import { setTimeout, clearTimeout } from '../base/timers.ts'

/** A lease that is held for long. `since`: ms since the epoch; `heldFor`: ms. */
export interface LongHold {
  readonly name: string
  readonly mode: LockMode
  readonly owner: string
  readonly session: string | undefined
  readonly token: number
  readonly since: number
  readonly heldFor: number
}

type Hold = Omit<LongHold, 'token' | 'heldFor'>

/** Reports each lease that is held for `limit` ms, once. One timer, which does not keep the process alive, for all of them. */
export class LongHoldWatch {
  /** In the order they were granted, so the first is the next one due. */
  readonly #holds = new Map<number, Hold>()
  readonly #limit: number
  readonly #inContext = keepContext()
  readonly #clock: () => number
  readonly #report: ((hold: LongHold) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #reported = 0

  constructor(limit: number, clock: () => number, report: ((hold: LongHold) => void) | undefined) {
    this.#limit = limit
    this.#clock = clock
    this.#report = report
  }

  get reported(): number {
    return this.#reported
  }

  add(token: number, hold: Hold): void {
    if (this.#stopped) return
    this.#holds.set(token, hold)
    if (this.#timer === undefined) this.#arm(this.#limit)
  }

  /** The timer stays as it is: it is cheaper to let it find nothing to do than to move it with every release. */
  delete(token: number): void {
    this.#holds.delete(token)
  }

  stop(): void {
    this.#stopped = true
    this.#holds.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(delay: number): void {
    this.#timer = this.#inContext(() => setTimeout(() => this.#check(), delay))
    this.#timer.unref()
  }

  #check(): void {
    const now = this.#clock()
    const due: LongHold[] = []
    let next: number | undefined
    for (const [token, hold] of this.#holds) {
      const heldFor = now - hold.since
      // A timer may fire a fraction of a millisecond early.
      if (heldFor < this.#limit - 1) {
        next = this.#limit - heldFor
        break
      }
      due.push({ ...hold, token, heldFor })
      this.#holds.delete(token)
    }
    this.#timer = undefined
    if (next !== undefined) this.#arm(next)
    this.#reported += due.length
    for (const hold of due) this.#report?.(hold)
  }
}
