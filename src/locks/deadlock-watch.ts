import { keepContext } from '../base/context.ts'
import { arrivalsTakenIn } from '../base/deadline.ts'
import { suspectedDeadlocks, type LockWait } from './suspected-deadlock.ts'
import { setInterval, clearInterval } from '../base/timers.ts'

/** Waits that may be a deadlock, which is not certain: nobody was refused. `cycle`: task, lock, task, ... and the first task again. */
export interface SuspectedDeadlockNotice {
  readonly cycle: readonly string[]
}

/** Tells once of each cycle of waits in which nothing has moved for a while. */
export class DeadlockWatch {
  /** ms */
  readonly #patience: number
  readonly #waits: () => readonly LockWait[]
  readonly #clock: () => number
  readonly #report: ((notice: SuspectedDeadlockNotice) => void) | undefined
  readonly #inContext = keepContext()
  /** The waits that are part of what was told. */
  #told: ReadonlySet<number> = new Set()
  #timer: NodeJS.Timeout | undefined
  #reported = 0

  constructor(
    patience: number,
    waits: () => readonly LockWait[],
    clock: () => number,
    report: ((notice: SuspectedDeadlockNotice) => void) | undefined,
  ) {
    this.#patience = patience
    this.#waits = waits
    this.#clock = clock
    this.#report = report
  }

  get reported(): number {
    return this.#reported
  }

  /** Somebody waits. */
  start(): void {
    if (this.#timer !== undefined || this.#patience === Infinity) return
    // After all that has arrived: a thread that was blocked is behind with what the waits of others came to.
    const look = (): void => void arrivalsTakenIn().then(() => this.#look())
    this.#timer = this.#inContext(() => setInterval(look, Math.min(this.#patience / 4, 2 ** 31 - 1)))
    this.#timer.unref()
  }

  /** Nobody waits any more. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The cycle that a wait which has taken `waited` ms seems to be part of. */
  cycleOf(id: number, waited: number): readonly string[] | undefined {
    if (this.#patience === Infinity) return undefined
    const [found] = suspectedDeadlocks(this.#waits(), this.#clock(), Math.min(this.#patience, waited), id)
    return found?.cycle
  }

  #look(): void {
    if (this.#timer === undefined) return
    const waits = this.#waits()
    const told = new Set(waits.flatMap(({ id }) => (this.#told.has(id) ? [id] : [])))
    for (const { ids, cycle } of suspectedDeadlocks(waits, this.#clock(), this.#patience)) {
      const known = ids.some((id) => told.has(id))
      for (const id of ids) told.add(id)
      if (known) continue
      this.#reported += 1
      this.#report?.({ cycle })
    }
    this.#told = told
  }
}
