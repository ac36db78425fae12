import { monotonicNow } from '../base/monotonic.ts'
import { setTimeout, clearTimeout } from '../base/timers.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { HandoverOutcome } from './handover.ts'

/** A key that could go. */
export interface Movable {
  readonly name: string
  readonly inUse: boolean
  /** bytes. */
  readonly memory: number
  /** @param why a sentence, for people. */
  readonly move: (why: string) => Promise<HandoverOutcome>
}

export interface ReliefOptions {
  /** What is measured now. Bytes; `high`: from which on pressure is high. */
  readonly measure: () => Promise<{ readonly usage: number; readonly high: number; readonly limit: number }>
  readonly level: () => PressureLevel
  readonly movable: () => readonly Movable[]
}

/** Usage has to be so far below the threshold before nothing more moves, as a share of the limit. Contract: where an unload round stops. */
const margin = 0.05
/** ms after which it is tried again while pressure stays high. Guessed: hosts may have come, or calls ended, by then. */
const again = 2_000
/** ms after which a key that could not go is tried again: its callers wait for each try. Guessed: as long as an unload that failed is not tried again. */
const tryAgain = 60_000

/** Under high pressure a host gives keys away, one after the other, those that nobody uses and that hold most first, until it is clear of that again. */
export class Relief implements Disposable {
  readonly #options: ReliefOptions
  #underWay: Promise<void> | undefined
  #again: NodeJS.Timeout | undefined
  #over = false
  /** Those that stayed, and since when. */
  readonly #stayed = new Map<string, number>()

  constructor(options: ReliefOptions) {
    this.#options = options
  }

  /** Pressure has changed, or may have. */
  look(): void {
    if (this.#over || this.#underWay || !this.#isHigh) return
    clearTimeout(this.#again)
    this.#underWay = this.#relieve().finally(() => {
      this.#underWay = undefined
      if (this.#isHigh && !this.#over) this.#again = setTimeout(() => this.look(), again).unref()
    })
  }

  [Symbol.dispose](): void {
    this.#over = true
    clearTimeout(this.#again)
  }

  get #isHigh(): boolean {
    const level = this.#options.level()
    return level === 'high' || level === 'critical'
  }

  async #relieve(): Promise<void> {
    const now = monotonicNow()
    for (const [name, since] of this.#stayed) if (now - since > tryAgain) this.#stayed.delete(name)
    const order = this.#options
      .movable()
      .filter(({ name }) => !this.#stayed.has(name))
      .toSorted((a, b) => Number(a.inUse) - Number(b.inUse) || b.memory - a.memory)
    for (const each of order) {
      const { usage, high, limit } = await this.#options.measure()
      if (this.#over || usage < high - margin * limit) return
      const percent = Math.round((usage / limit) * 100)
      const outcome = await each.move(
        `the host that had it uses ${percent}% of its memory limit, and its pressure is ${this.#options.level()}`,
      )
      if (outcome === 'stayed') this.#stayed.set(each.name, monotonicNow())
    }
  }
}
